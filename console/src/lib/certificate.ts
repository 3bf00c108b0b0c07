/** Quorum certificates as the journal keeps them (docs/order-proof.md says byte by byte what is in one). */

import { hex } from "./bytes.ts";

export interface Certificate {
  /** What was signed: epoch, view, the parent's view, and the block's hash. */
  proposal: Uint8Array<ArrayBuffer>;
  /** Hash of the block, hexadecimal. */
  block: string;
  /** Nodes that there were. */
  nodes: number;
  /** Which of them signed, by the order of their keys. */
  signers: number[];
  signatures: Uint8Array<ArrayBuffer>[];
}

const [HASH, COUNT, SIGNATURE] = [32, 8, 64];
const NODES_MAX = 256;

/** Takes a certificate apart; null where it is none. */
export function readCertificate(bytes: Uint8Array<ArrayBuffer>): Certificate | null {
  let at = 0;
  /** Moves over a number in groups of seven bits, the last of which is marked by its eighth; its value. */
  const number = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte % 128) * shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number) => bytes.slice(at, (at += length));
  for (let numbers = 0; numbers < 3; numbers += 1) number();
  const block = hex(take(HASH));
  const proposal = bytes.slice(0, at);
  const nodes = take(COUNT).reduce((count, byte) => count * 256 + byte, 0);
  if (nodes > NODES_MAX) return null;
  const bits = take(Math.ceil(nodes / 8));
  const signers = Array.from({ length: nodes }, (_, node) => node).filter((node) => ((bits[node >> 3] ?? 0) >> (node & 7)) & 1);
  const signatures = number() === signers.length ? signers.map(() => take(SIGNATURE)) : [];
  return at === bytes.length && signatures.length === signers.length ? { proposal, block, nodes, signers, signatures } : null;
}

/** Whether more than two thirds of the nodes signed. */
export function isQuorum({ nodes, signers }: Certificate): boolean {
  return nodes > 0 && signers.length >= nodes - Math.floor((nodes - 1) / 3);
}
