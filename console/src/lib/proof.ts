/**
 * Checks that a browser can make of what a node says: that blocks follow each other, that every batch was signed with the key that the block
 * names, and that a quorum of the nodes signed a block. The journal as a whole is checked by `comity verify`.
 */

import { callBytes } from "./api.ts";
import type { BlockView } from "./api-types.ts";
import { isQuorum, readCertificate, type Certificate } from "./certificate.ts";
import { concat, hex, unhex } from "./bytes.ts";

const MAGIC = "COMITYB1";
const LABEL = "comity batch v1\0";
/** Bytes of a batch's header, and where in it the digest, the key and the signature are. */
const HEADER = 256;
const AT = { digest: 64, key: 96, signature: 128, end: 192 };

/** Whether a batch is what its header says, and signed with the key that it names; its digest and key where it is. */
export async function checkBatch(bytes: Uint8Array<ArrayBuffer>): Promise<{ digest: string; key: string } | null> {
  const text = new TextEncoder();
  if (bytes.length < HEADER || hex(bytes.slice(0, 8)) !== hex(text.encode(MAGIC))) return null;
  const digest = hex(await crypto.subtle.digest("SHA-256", bytes.slice(HEADER)));
  if (digest !== hex(bytes.slice(AT.digest, AT.key))) return null;
  const message = concat(text.encode(LABEL), bytes.slice(0, AT.signature));
  const key = bytes.slice(AT.key, AT.signature);
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  const isSigned = await crypto.subtle.verify("Ed25519", imported, bytes.slice(AT.signature, AT.end), message);
  return isSigned ? { digest, key: hex(key) } : null;
}

/** Names what is wrong with a block, or null: its batches, and, where the one before is given, that it follows it. */
export async function checkBlock(block: BlockView, before: BlockView | null): Promise<"parent" | "batch" | null> {
  if (before && (before.hash !== block.parent || before.height + 1 !== block.height)) return "parent";
  for (const [at, said] of block.batches.entries()) {
    const found = await checkBatch(await callBytes(`/v1/blocks/${block.height}/batches/${at}`));
    if (!found || found.digest !== said.digest || found.key !== said.key) return "batch";
  }
  return null;
}

/** What a certificate comes to: a quorum of these nodes signed the block, nodes that are not all among them did, or it is wrong. */
export type Certified = "signed" | "others" | "wrong";

/** Checks a block's certificate by the keys of the nodes that vote now; null where it has none. Earlier blocks may have been certified by others. */
export async function checkCertificate(block: BlockView, union: string, nodes: string[], isOfThisEpoch: boolean): Promise<Certified | null> {
  if (!block.certificate) return null;
  const certificate = readCertificate(unhex(block.certificate));
  if (!certificate || certificate.block !== block.hash || !isQuorum(certificate)) return "wrong";
  const otherwise = isOfThisEpoch ? "wrong" : "others";
  if (certificate.nodes !== nodes.length) return otherwise;
  return (await isSigned(certificate, union, nodes.toSorted())) ? "signed" : otherwise;
}

async function isSigned({ proposal, signers, signatures }: Certificate, union: string, keys: string[]): Promise<boolean> {
  const purpose = concat(new TextEncoder().encode("comity consensus v1"), unhex(union), new TextEncoder().encode("_FINALIZE"));
  const message = concat(Uint8Array.of(purpose.length), purpose, proposal);
  for (const [at, signer] of signers.entries()) {
    const key = await crypto.subtle.importKey("raw", unhex(keys[signer] ?? ""), "Ed25519", false, ["verify"]);
    if (!(await crypto.subtle.verify("Ed25519", key, signatures[at] ?? new Uint8Array(), message))) return false;
  }
  return true;
}
