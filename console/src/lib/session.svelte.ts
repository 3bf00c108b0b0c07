/** The session of the operator who sits here. */

import { Failure, call, callText, type Call } from "./api.ts";
import type { Challenge, PasskeyChallenge, SessionView } from "./api-types.ts";
import { signLogin, type OperatorKey } from "./keys.ts";
import { signWithPasskey } from "./passkeys.ts";

/** A session that is not used ends after this, at the node as well, in milliseconds. */
const IDLE_MS = 15 * 60_000;
/** A session ends after this however much it is used, at the node as well, in milliseconds. */
const SESSION_MS = 8 * 3_600_000;
/** How long before the end it is said. */
const WARN_MS = 2 * 60_000;
const KEPT = "comity-session";
const KEPT_END = "comity-session-ends";
const ROLES = { viewer: 0, maker: 1, checker: 2 } as const;

export type Role = keyof typeof ROLES;

/** Why there is no session any more. */
export type Ended = "idle" | "expired" | "left";

class Session {
  view = $state.raw<SessionView | null>(null);
  ended = $state<Ended | null>(null);
  now = $state(Date.now());
  /** When a person last did something here. */
  #used = Date.now();
  /** When the node was last asked with the token. */
  #asked = Date.now();
  #token: string | null = null;
  /** When the session ends at the latest, by this machine's clock: the node's may have been set elsewhere for a rehearsal. */
  #latest = 0;

  constructor() {
    // The token stays in this tab, so that loading the page again does not end the session; it is gone with the tab.
    const kept = sessionStorage.getItem(KEPT);
    if (kept) {
      this.#token = kept;
      this.#latest = Number(sessionStorage.getItem(KEPT_END) ?? 0);
      call<SessionView>("/v1/sessions", { token: kept }).then(
        (view) => (this.view = view),
        (error: unknown) => {
          if (error instanceof Failure && error.isUnauthenticated) this.#drop("expired");
        },
      );
    }
    for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, () => this.#use(), { passive: true });
    setInterval(() => this.#tick(), 1_000);
  }

  /** Begins a session with a key of this browser. */
  async begin(key: OperatorKey): Promise<void> {
    const operator = key.operator;
    const { union, nonce } = await call<Challenge>("/v1/sessions/challenge", { method: "POST", body: { operator } });
    const signature = await signLogin(key, union, nonce);
    this.#begun(await call<SessionView>("/v1/sessions", { method: "POST", body: { operator, nonce, signature } }));
  }

  /** Begins a session with a passkey, which says itself whose it is. */
  async beginWithPasskey(): Promise<void> {
    const body = await signWithPasskey(await call<PasskeyChallenge>("/v1/sessions/passkey/challenge", { method: "POST" }));
    this.#begun(await call<SessionView>("/v1/sessions/passkey", { method: "POST", body }));
  }

  #begun({ token, ...view }: SessionView): void {
    if (!token) throw new TypeError("the node gave no token");
    this.#token = token;
    this.#used = this.#asked = Date.now();
    this.#latest = this.#used + SESSION_MS;
    sessionStorage.setItem(KEPT, token);
    sessionStorage.setItem(KEPT_END, String(this.#latest));
    this.now = this.#used;
    this.ended = null;
    this.view = view;
  }

  async end(): Promise<void> {
    const token = this.#token;
    this.#drop("left");
    if (token) await call("/v1/sessions", { method: "DELETE", token }).catch(() => undefined);
  }

  /** A call with the session's token. */
  call<T>(path: string, options: Call = {}): Promise<T> {
    return this.#ask((token) => call<T>(path, { ...options, token }));
  }

  /** The same, answered as text. */
  callText(path: string, options: Call = {}): Promise<string> {
    return this.#ask((token) => callText(path, { ...options, token }));
  }

  async #ask<T>(request: (token: string | null) => Promise<T>): Promise<T> {
    this.#asked = Date.now();
    try {
      return await request(this.#token);
    } catch (error) {
      if (error instanceof Failure && error.isUnauthenticated && this.#token) this.#drop("expired");
      throw error;
    }
  }

  may(role: Role): boolean {
    return this.view !== null && ROLES[this.view.role] >= ROLES[role];
  }

  /** When the session ends at the latest: milliseconds since 1970. */
  get latest(): number {
    return this.#latest;
  }

  /** When it ends unless it is used. */
  get endsAt(): number {
    // A person's act is told by the next tick.
    void this.now;
    return Math.min(this.#latest, this.#used + IDLE_MS);
  }

  get endsSoon(): boolean {
    return this.view !== null && this.endsAt - this.now < WARN_MS;
  }

  #use(): void {
    if (!this.view) return;
    this.#used = Date.now();
    // The node counts its own calls: whoever only reads what is public would be idle there.
    if (this.#used - this.#asked > 60_000) void this.call("/v1/sessions").catch(() => undefined);
  }

  #tick(): void {
    if (!this.view) return;
    this.now = Date.now();
    if (this.now < this.endsAt) return;
    const token = this.#token;
    this.#drop(this.now >= this.#latest ? "expired" : "idle");
    if (token) void call("/v1/sessions", { method: "DELETE", token }).catch(() => undefined);
  }

  #drop(why: Ended): void {
    this.#token = null;
    sessionStorage.removeItem(KEPT);
    sessionStorage.removeItem(KEPT_END);
    this.view = null;
    this.ended = why;
  }
}

export const session = new Session();
