/** What happens at the node, as it happens: its event stream, and whether it takes orders. */

import { Failure, call } from "./api.ts";
import type { EventView, NotReadyView, ReadyView } from "./api-types.ts";

const KINDS = [
  "order", "transfer", "returned", "return_request", "queue_run", "cycle_closed", "leg_called", "leg_confirmed", "leg_deferred",
  "instalment_confirmed", "leg_closed_out", "defaulted", "claim_paid", "cycle_settled", "cycle_opened", "settings_changed",
  "standing_changed", "key_replaced", "proposal", "voted",
] as const;

/** Pages look again at most this often, in milliseconds, and at once after a quiet time. */
const LOOK_EVERY_MS = 200;
const KEEP = 60;
const ASK_READY_EVERY_MS = 2_000;
const AGAIN_AFTER_MS = [250, 500, 1_000, 2_000];
/** After a longer time alone the feed begins anew: everything that happened meanwhile could be more than it ever shows. */
const CATCH_UP_MS = 60_000;

export interface Happened {
  /** `height-index`. */
  id: string;
  event: EventView;
}

export type Connection = "connecting" | "open" | "lost";

class Live {
  connection = $state<Connection>("connecting");
  /** What the node says of itself, while it takes orders. */
  ready = $state.raw<ReadyView | null>(null);
  /** Why it takes none. */
  trouble = $state.raw<NotReadyView | null>(null);
  /** How the node stands among the members' nodes, where there are several. */
  network = $derived((this.trouble ?? this.ready)?.network);
  /** Code of the member whose node this is, where there are several. */
  member = $derived((this.trouble ?? this.ready)?.member);
  /** Counts looks: whoever reads it looks again when something happened. */
  looks = $state(0);
  /** The latest first. */
  latest = $state.raw<Happened[]>([]);

  #lastId: string | null = null;
  #source: EventSource | null = null;
  #failures = 0;
  #lostAt = 0;
  #waiting: Happened[] = [];
  #lookTimer: ReturnType<typeof setTimeout> | null = null;
  #lookedAt = 0;
  #asking = false;

  start(): void {
    this.#connect();
    void this.#askReady();
    setInterval(() => void this.#askReady(), ASK_READY_EVERY_MS);
    // A page that was asleep may have missed that the connection broke.
    addEventListener("online", () => this.#connect());
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#rest() : this.#connect()));
  }

  /** Nobody looks. A browser opens six connections to a node, for all its pages together: this one is given to another. */
  #rest(): void {
    this.#source?.close();
    this.#source = null;
    this.connection = "connecting";
    // Pages read everything anew when somebody looks again; what happened meanwhile is in the lists, not in the feed.
    this.#lastId = null;
  }

  #connect(): void {
    this.#source?.close();
    if (this.connection === "lost" && performance.now() - this.#lostAt > CATCH_UP_MS) this.#lastId = null;
    const source = new EventSource(this.#lastId ? `/v1/events?after=${this.#lastId}` : "/v1/events");
    this.#source = source;
    source.onopen = () => {
      this.#failures = 0;
      // What happened while nobody listened comes now, by its id; what was on the screen may be older still.
      if (this.connection !== "open") this.#lookSoon();
      this.connection = "open";
    };
    source.onerror = () => {
      source.close();
      if (this.#source !== source) return;
      if (this.connection !== "lost") this.#lostAt = performance.now();
      this.connection = "lost";
      const wait = AGAIN_AFTER_MS[Math.min(this.#failures, AGAIN_AFTER_MS.length - 1)];
      this.#failures += 1;
      setTimeout(() => this.#source === source && this.#connect(), wait);
    };
    for (const kind of KINDS) source.addEventListener(kind, (message) => this.#take(message));
  }

  #take(message: MessageEvent<string>): void {
    this.#lastId = message.lastEventId;
    this.#lookSoon();
    // What moved between accounts follows from the orders, two lines for each: the feed is about the orders.
    if (message.type === "transfer") return;
    if (this.#waiting.length >= KEEP) this.#waiting.shift();
    this.#waiting.push({ id: message.lastEventId, event: JSON.parse(message.data) as EventView });
  }

  #lookSoon(): void {
    if (this.#lookTimer !== null) return;
    const wait = Math.max(0, this.#lookedAt + LOOK_EVERY_MS - performance.now());
    this.#lookTimer = setTimeout(() => this.#look(), wait);
  }

  #look(): void {
    this.#lookTimer = null;
    this.#lookedAt = performance.now();
    if (this.#waiting.length) this.latest = [...this.#waiting.toReversed(), ...this.latest].slice(0, KEEP);
    this.#waiting = [];
    this.looks += 1;
  }

  async #askReady(): Promise<void> {
    if (this.#asking || document.hidden) return;
    this.#asking = true;
    try {
      this.ready = await call<ReadyView>("/ready", { signal: AbortSignal.timeout(5_000) });
      this.trouble = null;
    } catch (error) {
      // Whether it can be reached is told by the event stream.
      this.trouble = error instanceof Failure && "code" in error.problem ? (error.problem as NotReadyView) : null;
    } finally {
      this.#asking = false;
    }
  }
}

export const live = new Live();
