/** The address: `#/payments?status=queued` is the page `payments` with a parameter. */

export interface Route {
  page: string;
  /** What follows the page: an order's identifier, a number. */
  id: string | null;
  parameters: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, id] = path.split("/");
  return { page: page || "overview", id: id ? decodeURIComponent(id) : null, parameters: new URLSearchParams(query) };
}

export function address(page: string, id?: string | number | null, parameters: Record<string, string | undefined> = {}): string {
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => !!entry[1]);
  const query = new URLSearchParams(given).toString();
  return `#/${page}${id == null ? "" : `/${encodeURIComponent(id)}`}${query ? `?${query}` : ""}`;
}

class Router {
  route = $state.raw(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.route = parseRoute(location.hash)));
  }

  go(to: string): void {
    location.hash = to;
  }
}

export const router = new Router();
