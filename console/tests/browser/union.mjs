// Real `comity` processes for the browser tests: one node that orders alone, or a node for every member.

import { spawn, execFileSync } from "node:child_process";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const BINARY = process.env.COMITY ?? new URL("../../../target/debug/comity", import.meta.url).pathname;
const PASSPHRASE = "a passphrase for tests";
/** A Monday at noon: business is open, whenever the tests run. */
const NOON = "2026-11-23T12:00:00Z";
const MEMBERS = [["ARG", "Banco Central <b>ARG</b>"], ["BRA", "Banco Central do Brasil"], ["CHL", "Banco Central de Chile"], ["PER", "Banco Central del Perú"]];

const environment = { ...process.env, COMITY_PASSPHRASE: PASSPHRASE };

export function comity(...argv) {
  return execFileSync(BINARY, argv, { env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** An operator with a key of their own, as PEM for the browser and as hexadecimal text for the node. */
function person(name, member, role) {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url").toString("hex");
  return { name, member, role, key, pem: privateKey.export({ format: "pem", type: "pkcs8" }), privateKey };
}

/** A maker and two checkers of each member, and somebody who only looks. */
function peopleOf(member) {
  const code = member.toLowerCase();
  return [person(`mia-${code}`, member, "maker"), person(`carl-${code}`, member, "checker"), person(`vera-${code}`, member, "viewer")];
}

function operators(people) {
  return people.map(({ name, member, role, key }) => `\n[[operators]]\nname = "${name}"\nmember = "${member}"\nrole = "${role}"\nkey = "${key}"\n`).join("");
}

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => new Promise((resolve, reject) => {
      const server = createServer().once("error", reject);
      server.listen(0, "127.0.0.1", () => resolve(server));
    })),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The token of a session that a person begins without a browser. */
export async function token(node, person) {
  const post = async (path, body) => {
    const response = await fetch(node.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    return response.json();
  };
  const { union, nonce } = await post("/v1/sessions/challenge", { operator: person.name });
  const message = Buffer.concat([Buffer.from("comity operator login v1\0"), Buffer.from(union, "hex"), Buffer.from(nonce, "hex"), Buffer.from(person.name)]);
  const signature = sign(null, message, person.privateKey).toString("hex");
  return (await post("/v1/sessions", { operator: person.name, nonce, signature })).token;
}

/** What a node answers to a person, or to nobody, without a browser. */
export async function ask(node, person, path, body, method = body === undefined ? "GET" : "POST") {
  const headers = { "content-type": "application/json" };
  if (person) headers.authorization = `Bearer ${await token(node, person)}`;
  return fetch(node.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** A payment order of that Monday. */
export function order(more = {}) {
  return { id: randomUUID(), creditor: "BRA", currency: "USD", amount: "10.00", value_date: "2026-11-23", ...more };
}

/** A process that serves. */
class Node {
  constructor(home, from) {
    this.home = home;
    this.from = from;
  }

  /** Starts it; it is there when this resolves. */
  async start() {
    const argv = ["serve", "--config", join(this.home, "node.toml"), "--output", "json", "--log-level", "warn", "--rehearse-from", this.from, "--rehearse-anyway"];
    argv.push("--listen", `127.0.0.1:${this.port ?? 0}`);
    this.child = spawn(BINARY, argv, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    this.log = "";
    this.child.stderr.on("data", (text) => (this.log += text));
    this.exited = new Promise((resolve) => this.child.once("exit", resolve));
    let text = "";
    for await (const line of createInterface({ input: this.child.stdout })) {
      text += line;
      const found = /"listening":\s*"([^"]+)"/.exec(text);
      if (found) {
        this.url = found[1];
        this.port ??= Number(new URL(this.url).port);
        return this;
      }
    }
    throw new Error(`the node ended: ${this.log}`);
  }

  async stop(signal = "SIGTERM") {
    this.child?.kill(signal);
    await this.exited;
  }

  async get(path) {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Waits until what is at an address is so. */
  async until(path, isSo, within = 30_000) {
    const end = Date.now() + within;
    for (;;) {
      const found = await this.get(path).catch(() => null);
      if (found && isSo(found)) return found;
      if (Date.now() > end) throw new Error(`${path} did not come to it: ${JSON.stringify(found)?.slice(0, 500)}\n${this.log}`);
      // The event stream would tell too; here the tests look for themselves.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export class Union {
  people = [];
  nodes = [];
  /** Where the members' nodes meet, by code, and a place that is free there. */
  addresses = {};
  spare = "";

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), "comity-console-"));
  }

  find(name) {
    return this.people.find((person) => person.name === name);
  }

  async end() {
    await Promise.all(this.nodes.map((node) => node.stop("SIGKILL")));
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** One node that orders alone and holds the keys of all members; `rules` are options of `comity init`. */
  static async alone(...rules) {
    const union = new Union();
    const home = join(union.directory, "union");
    const members = MEMBERS.flatMap(([code, name]) => ["--member", `${code}:${name}:USD`]);
    comity("init", home, "--name", "Southern Clearing", "--first-day", "2026-11-23", "--work-factor", "4", ...rules, ...members);
    union.people = MEMBERS.flatMap(([code]) => peopleOf(code));
    const file = join(home, "node.toml");
    writeFileSync(file, readFileSync(file, "utf8") + operators(union.people));
    union.nodes = [await new Node(home, NOON).start()];
    return union;
  }

  /**
   * An institution that wants to join by the files that it was given (the text in force, the founding charter, its signatures): its keys,
   * the text with itself in it, what it signed, and a node of its own that begins with the founding charter.
   */
  newcomer(code, name, files) {
    const home = join(this.directory, code);
    const file = (called) => join(home, called);
    mkdirSync(home);
    for (const { name: called, text } of files) writeFileSync(file(called), text);
    const made = (...argv) => JSON.parse(comity(...argv, "--work-factor", "4", "--output", "json"));
    const keys = { ...made("keys", "generate", file("member.key")), ...made("keys", "node", file("node.key")) };
    const named = ["signing_key", "sealing_key", "node_key"].map((key) => `${key} = "${keys[key]}"\n`).join("");
    const entry = `\n[[members]]\ncode = "${code}"\nname = "${name}"\ncurrency = "USD"\n${named}weekend = ["saturday", "sunday"]\n`;
    const [text, accession] = [file(`with-${code}.toml`), file("accession.json")];
    writeFileSync(text, files[0].text + entry);
    comity("accede", "--charter-text", text, "--union", file("founding.toml"), "--member", code, "--key", file("member.key"), "--out", accession);
    const peers = Object.entries(this.addresses).flatMap(([other, address]) => ["--peer", `${other}=${address}`]);
    const where = ["--node-key", file("node.key"), "--listen", this.spare, ...peers];
    comity("init", file("node"), "--charter", file("founding.toml"), "--signatures", file("founding.signatures.toml"), "--member", code, ...where);
    return { code, text, accession, key: file("member.key"), node: new Node(file("node"), NOON) };
  }

  /** Gives a newcomer that was admitted its key and its operators, at the next start of its node. */
  staff({ code, key, node }) {
    const people = peopleOf(code);
    this.people.push(...people);
    const file = join(node.home, "node.toml");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n[[members]]\ncode = "${code}"\nkey = "${key}"\nfour_eyes_from = "10000"\n${operators(people)}`);
  }

  /** A node for every member; each holds its own member's key. */
  static async together() {
    const union = new Union();
    const home = join(union.directory, "union");
    const members = MEMBERS.flatMap(([code, name]) => ["--member", `${code}:${name}:USD`]);
    comity("init", home, "--nodes", "--name", "Southern Clearing", "--first-day", "2026-11-23", "--epoch-blocks", "16", "--work-factor", "4", ...members);
    const ports = await freePorts(MEMBERS.length * 2 + 1);
    const nodePort = (at) => `127.0.0.1:${ports[MEMBERS.length + at]}`;
    union.addresses = Object.fromEntries(MEMBERS.map(([code], at) => [code, nodePort(at)]));
    union.spare = nodePort(MEMBERS.length);
    const listens = MEMBERS.map(([code]) => /\[node\][^[]*?listen = "([^"]+)"/s.exec(readFileSync(join(home, code, "node.toml"), "utf8"))[1]);
    for (const [at, [code]] of MEMBERS.entries()) {
      const file = join(home, code, "node.toml");
      let text = readFileSync(file, "utf8").replace(/^listen = "[^"]+"/m, `listen = "127.0.0.1:${ports[at]}"`);
      for (const [other, address] of listens.entries()) text = text.replaceAll(`"${address}"`, `"${nodePort(other)}"`);
      const people = peopleOf(code);
      union.people.push(...people);
      writeFileSync(file, text + operators(people));
      union.nodes.push(new Node(join(home, code), NOON));
    }
    await Promise.all(union.nodes.map((node) => node.start()));
    await Promise.all(union.nodes.map((node) => node.until("/ready", (ready) => ready.status === "ok")));
    return union;
  }
}
