/**
 * Checks that a browser can make of what a node says: that blocks follow each other, and that every batch was signed with the
 * key that the block names. The journal as a whole is checked by `comity verify`.
 */

import { callBytes } from "./api.ts";
import type { BlockView } from "./api-types.ts";
import { concat, hex } from "./bytes.ts";

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
