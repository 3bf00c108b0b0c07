/** Something that is read from the node, and read again when something happened there. */

import { untrack } from "svelte";
import { Failure } from "./api.ts";
import { live } from "./live.svelte.ts";

export class Resource<T> {
  value = $state.raw<T | null>(null);
  failure = $state.raw<Failure | null>(null);
  isLoading = $state(true);
  #read: () => Promise<T>;
  #busy = false;
  #again = false;
  #generation = 0;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** Reads now; while a read is under way, once more after it. */
  async load(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    do {
      this.#again = false;
      const generation = this.#generation;
      try {
        const value = await this.#read();
        if (generation === this.#generation) [this.value, this.failure] = [value, null];
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (generation === this.#generation) this.failure = error;
      }
    } while (this.#again);
    this.#busy = false;
    this.isLoading = false;
  }

  /** Forgets what was read: it was about something else. */
  reset(): void {
    this.#generation += 1;
    [this.value, this.failure, this.isLoading] = [null, null, true];
  }
}

/**
 * What `read` gives, read again whenever what `about` returns changes, when it is about something else, and whenever what `looks` returns
 * does. To be called while a component is set up.
 */
export function reread<T>(about: () => unknown, read: () => Promise<T>, looks: () => unknown): Resource<T> {
  const resource = new Resource(read);
  let before: string | undefined;
  $effect(() => {
    const now = JSON.stringify(about() ?? null);
    void looks();
    untrack(() => {
      if (before !== undefined && before !== now) resource.reset();
      before = now;
      void resource.load();
    });
  });
  return resource;
}

/** As `reread`, whenever something happens at the node. What is no event of the union is looked for `everyMs`. */
export function watch<T>(about: () => unknown, read: () => Promise<T>, everyMs?: number): Resource<T> {
  const resource = reread(about, read, () => live.looks);
  $effect(() => {
    if (!everyMs) return;
    const timer = setInterval(() => void resource.load(), everyMs);
    return () => clearInterval(timer);
  });
  return resource;
}

/** How often it is looked for what waits for a second person: nobody but the node knows of it. */
export const APPROVALS_EVERY_MS = 2_000;
