import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A path in the repository: the tests run from dist, wherever that is. */
export function atRoot(path: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "go.work"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the tests run in a checkout of the repository");
    folder = parent;
  }
  return join(folder, path);
}
