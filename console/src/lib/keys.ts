/**
 * Operators' keys in this browser: Ed25519 keys of the Web Cryptography API that cannot be extracted, in the browser's
 * database. What is kept signs, and cannot be read, by this page either.
 */

import { base64, concat, hex, unbase64url, unhex } from "./bytes.ts";

const DATABASE = "comity";
const STORE = "operators";
const LABEL = "comity operator login v1\0";

/** A key as it is kept. */
export interface OperatorKey {
  /** The operator's name at the node. */
  operator: string;
  /** 64 hexadecimal digits. */
  publicKey: string;
  privateKey: CryptoKey;
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "operator" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Whether this browser can sign with Ed25519 here: it is new enough, and the page came over TLS or from this machine. */
export async function canSign(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

export function listKeys(): Promise<OperatorKey[]> {
  return inStore("readonly", (store) => store.getAll() as IDBRequest<OperatorKey[]>);
}

export async function forgetKey(operator: string): Promise<void> {
  await inStore("readwrite", (store) => store.delete(operator));
}

/** Makes a key for an operator and keeps it. The private half never leaves the browser. */
export async function createKey(operator: string): Promise<OperatorKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
  const publicKey = hex(await crypto.subtle.exportKey("raw", pair.publicKey));
  return keep({ operator, publicKey, privateKey: pair.privateKey });
}

/** Takes a key from a PEM file (PKCS #8, `openssl genpkey -algorithm ed25519`), and keeps it so that it cannot be extracted. */
export async function importKey(operator: string, pem: string): Promise<OperatorKey> {
  const body = /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/.exec(pem)?.[1];
  if (!body) throw new SyntaxError("not a PKCS #8 PEM file");
  const der = base64(body.replace(/\s/g, ""));
  // The public half is in the JSON form only; that copy can be extracted, is not kept, and goes with this call.
  const readable = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, ["sign"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", readable);
  const publicKey = hex(unbase64url(x));
  const privateKey = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, ["sign"]);
  der.fill(0);
  return keep({ operator, publicKey, privateKey });
}

async function keep(key: OperatorKey): Promise<OperatorKey> {
  await inStore("readwrite", (store) => store.put(key));
  return key;
}

/** What an operator signs to begin a session: a label, the union's hash, the nonce of the challenge, the operator's name. */
export function loginMessage(union: string, nonce: string, operator: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  return concat(text.encode(LABEL), unhex(union), unhex(nonce), text.encode(operator));
}

/** The signature over a challenge, hexadecimal. */
export async function signLogin(key: OperatorKey, union: string, nonce: string): Promise<string> {
  return hex(await crypto.subtle.sign("Ed25519", key.privateKey, loginMessage(union, nonce, key.operator)));
}
