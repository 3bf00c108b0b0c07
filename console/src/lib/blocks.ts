/** Blocks, where the node has them: one that began late does not have those before. */

import { Failure, call } from "./api.ts";
import type { BlockView } from "./api-types.ts";

export async function block(height: number): Promise<BlockView | null> {
  try {
    return await call<BlockView>(`/v1/blocks/${height}`);
  } catch (error) {
    if (error instanceof Failure && (error.problem.status === 404 || error.problem.status === 410)) return null;
    throw error;
  }
}
