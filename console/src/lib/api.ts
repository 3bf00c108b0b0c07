/** Calls to the node that serves this console. */

import type { Problem } from "./api-types.ts";

/** A refusal of the node, or that it cannot be reached (`status` 0). */
export class Failure extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }

  get isUnreachable(): boolean {
    return this.problem.status === 0;
  }

  get isUnauthenticated(): boolean {
    return this.problem.status === 401;
  }
}

function unreachable(): Failure {
  return new Failure({ type: "urn:comity:problem:unreachable", title: "", status: 0, detail: "" });
}

async function failure(response: Response): Promise<Failure> {
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.status === "number" && typeof problem.detail === "string") return new Failure(problem);
  } catch {
    // What is no problem document is told by its status.
  }
  return new Failure({ type: "about:blank", title: response.statusText, status: response.status, detail: `HTTP ${response.status}` });
}

export interface Call {
  method?: "GET" | "POST" | "DELETE";
  token?: string | null;
  body?: unknown;
  /** Sent as `Idempotency-Key`: the same again does nothing twice. */
  key?: string;
  /** Why, for the second person and the audit log. */
  why?: string;
  signal?: AbortSignal;
}

async function send(path: string, { method = "GET", token, body, key, why, signal }: Call): Promise<Response> {
  const headers: Record<string, string> = {};
  if (token) headers["Authorization"] = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (why?.trim()) headers["Comity-Why"] = encodeURIComponent(why.trim());
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const init: RequestInit = { method, headers, cache: "no-store", credentials: "omit", redirect: "error" };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw unreachable();
  }
  if (!response.ok) throw await failure(response);
  return response;
}

/** The JSON answer to a call. */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await send(path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** The answer as text. */
export async function callText(path: string, options: Call = {}): Promise<string> {
  return (await send(path, options)).text();
}

/** The answer as bytes. */
export async function callBytes(path: string, options: Call = {}): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await send(path, options)).arrayBuffer());
}

/** A path with parameters; those without a value are left out. */
export function query(path: string, parameters: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

/** Lets the browser save something as a file. */
export function save(name: string, type: string, content: BlobPart): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Hands JSON texts out as one file: a single one as it is, several as a list. */
export function saveTogether(name: string, texts: string[]): void {
  save(name, "application/json", texts.length === 1 ? texts.join() : `[${texts.join(",\n")}]`);
}
