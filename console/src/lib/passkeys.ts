/**
 * Passkeys (Web Authentication): keys that a device, a browser or a security key keeps for one address, and that sign once the person
 * has shown a PIN, a finger or a face. They count when the node's configuration names them.
 */

import type { PasskeyChallenge, PasskeyLoginRequest } from "./api-types.ts";
import { base64url, concat, unbase64url } from "./bytes.ts";

const USER_LABEL = "comity operator v1\0";
/** What the node can check: ES256 and EdDSA (RFC 9053). */
const ALGORITHMS = [-7, -8];

/** A passkey as the node has to be told of it. */
export interface Passkey {
  /** The operator's name at the node. */
  operator: string;
  /** The credential's identifier, base64url. */
  id: string;
  /** Its public key, a SubjectPublicKeyInfo in DER, base64url. */
  key: string;
}

/** Why no passkey was made or used. */
export type PasskeyTrouble = "cancelled" | "elsewhere" | "unfit";

export class PasskeyFailure extends Error {
  constructor(readonly why: PasskeyTrouble) {
    super(why);
  }
}

/** Whether passkeys can be used at this address: browsers want a name, and TLS or `localhost`. */
export function canUsePasskeys(): boolean {
  return isSecureContext && "PublicKeyCredential" in globalThis && !/^[\d.]+$|^\[/.test(location.hostname);
}

/** Whose passkey it is, for the device that keeps it: one for a name, and nothing about the person. */
async function userHandle(operator: string): Promise<ArrayBuffer> {
  const text = new TextEncoder();
  return crypto.subtle.digest("SHA-256", concat(text.encode(USER_LABEL), text.encode(operator)));
}

async function asked(credential: Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const found = await credential;
    if (found instanceof PublicKeyCredential) return found;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "SecurityError") throw new PasskeyFailure("elsewhere");
    if (error.name === "NotSupportedError" || error.name === "ConstraintError") throw new PasskeyFailure("unfit");
  }
  throw new PasskeyFailure("cancelled");
}

/** Makes a passkey for an operator at this address. */
export async function createPasskey(operator: string): Promise<Passkey> {
  const publicKey: PublicKeyCredentialCreationOptions = {
    rp: { name: "Comity" },
    user: { id: await userHandle(operator), name: operator, displayName: operator },
    // Nobody checks what a new passkey signs: that the configuration names it is what makes it count.
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none",
  };
  const { rawId, response } = await asked(navigator.credentials.create({ publicKey }));
  const key = (response as AuthenticatorAttestationResponse).getPublicKey();
  if (!key) throw new PasskeyFailure("unfit");
  return { operator, id: base64url(rawId), key: base64url(key) };
}

/** Has a passkey sign the node's challenge; the person chooses which. */
export async function signWithPasskey({ challenge, relying_party }: PasskeyChallenge): Promise<PasskeyLoginRequest> {
  const publicKey: PublicKeyCredentialRequestOptions = { challenge: unbase64url(challenge), rpId: relying_party, userVerification: "required" };
  const { rawId, response } = await asked(navigator.credentials.get({ publicKey }));
  const { clientDataJSON, authenticatorData, signature, userHandle } = response as AuthenticatorAssertionResponse;
  return {
    credential: base64url(rawId),
    client_data: base64url(clientDataJSON),
    authenticator_data: base64url(authenticatorData),
    signature: base64url(signature),
    user_handle: base64url(userHandle ?? new ArrayBuffer(0)),
  };
}
