/** Texts of the charter. */

import { callText } from "./api.ts";
import type { CharterView } from "./api-types.ts";

/** The text of a charter that is or was in force. */
export function charterText(charter: CharterView): Promise<string> {
  return callText(charter.proposal == null ? "/v1/charter/founding" : `/v1/proposals/${charter.proposal}/text`);
}
