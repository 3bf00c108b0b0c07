import type { UnionView } from "./api-types.ts";
import type { Route } from "./route.svelte.ts";

/** What every page is given. */
export type PageProps = {
  union: UnionView;
  /** The member whose figures are shown: that of the session, or the one that was chosen. */
  me: string;
  route: Route;
};
