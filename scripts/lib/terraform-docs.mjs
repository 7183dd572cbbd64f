// Renders what terraform-config-inspect says of a module as Markdown, and keeps it
// in the module's README between two markers. scripts/terraform-docs runs it:
//
//   node scripts/lib/terraform-docs.mjs [--check] INSPECT FOLDER...

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const BEGIN = "<!-- BEGIN_TF_DOCS -->";
export const END = "<!-- END_TF_DOCS -->";

/**
 * The Markdown of one module.
 *
 * @param {object} module what `terraform-config-inspect --json` prints
 * @param {{type: string, name: string}[]} [ephemerals] its ephemeral resources, which that leaves out
 * @returns {string}
 */
export function render(module, ephemerals = []) {
  const sections = [
    inputs(inOrder(module.variables)),
    outputs(inOrder(module.outputs)),
    resources("Resources", "resources", inOrder(module.managed_resources)),
    resources("Ephemeral resources", "ephemeral-resources", ephemerals),
    resources("Data sources", "data-sources", inOrder(module.data_resources)),
    modules(inOrder(module.module_calls)),
    requirements(module),
  ];
  return sections.filter(Boolean).join("\n\n");
}

// In the order of the sources, which is how their author wants them read.
function inOrder(members = {}) {
  return Object.values(members).sort(
    (a, b) => a.pos.filename.localeCompare(b.pos.filename, "en") || a.pos.line - b.pos.line,
  );
}

function inputs(variables) {
  if (variables.length === 0) return "";
  const rows = [...variables.filter((v) => v.required), ...variables.filter((v) => !v.required)].map((v) => [
    code(v.name),
    prose(v.description) + (v.sensitive ? " Sensitive." : ""),
    code(oneLine(v.type || "any")),
    v.required ? "" : code(value(v.default)),
    v.required ? "yes" : "no",
  ]);
  return table("Inputs", ["Name", "Description", "Type", "Default", "Required"], rows);
}

function outputs(all) {
  if (all.length === 0) return "";
  const rows = all.map((o) => [code(o.name), prose(o.description), o.sensitive ? "yes" : "no"]);
  return table("Outputs", ["Name", "Description", "Sensitive"], rows);
}

function resources(title, kind, all) {
  if (all.length === 0) return "";
  const names = new Map();
  for (const { type, name } of all) names.set(type, [...(names.get(type) ?? []), name]);
  const lines = [...names.keys()].sort().map((type) => {
    const page = type.slice(type.indexOf("_") + 1);
    const link = `https://registry.terraform.io/providers/hashicorp/aws/latest/docs/${kind}/${page}`;
    return `- [${code(type)}](${link}): ${names.get(type).sort().map(code).join(", ")}`;
  });
  return `## ${title}\n\n${lines.join("\n")}`;
}

function modules(calls) {
  if (calls.length === 0) return "";
  const lines = calls.map(({ name, source, version }) => {
    const local = /^\.{1,2}(\/|$)/.test(source);
    const where = local ? `[${code(source)}](${source})` : code(source);
    return `- ${code(name)}: ${where}${version ? ` ${prose(version)}` : ""}`;
  });
  return `## Modules\n\n${lines.join("\n")}`;
}

function requirements({ required_core: core = [], required_providers: providers = {} }) {
  const rows = [];
  if (core.length > 0) rows.push(["Terraform", code(core.join(", "))]);
  for (const name of Object.keys(providers).sort()) {
    const { source, version_constraints: versions = [] } = providers[name];
    rows.push([code(source ?? name), versions.length > 0 ? code(versions.join(", ")) : "any"]);
  }
  return rows.length > 0 ? table("Requirements", ["Name", "Version"], rows) : "";
}

function table(title, columns, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [`## ${title}`, "", line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

// A type as it is written, on one line: where a line's end parted members, a comma does.
function oneLine(type) {
  return type
    .split("\n")
    .map((line) => line.replace(/(^|\s)(#|\/\/).*$/, "").trim())
    .filter(Boolean)
    .reduce((all, line) => {
      if (/[({[]$/.test(all)) return `${all} ${line}`;
      return /^[)}\]]/.test(line) || all.endsWith(",") ? `${all} ${line}` : `${all}, ${line}`;
    })
    .replace(/,(?= [)}\]])/g, "")
    .replace(/ {2,}/g, " ");
}

// A default, as Terraform would write it on one line.
function value(json) {
  if (Array.isArray(json)) return `[${json.map(value).join(", ")}]`;
  if (json !== null && typeof json === "object") {
    const members = Object.entries(json).map(([key, member]) => {
      return `${/^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key)} = ${value(member)}`;
    });
    return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
  }
  return JSON.stringify(json);
}

// Text as code in a cell of a table, whatever stands in it.
function code(text) {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = /^`|`$/.test(text) ? " " : "";
  return `${fence}${space}${text.replaceAll("|", "\\|").replace(/\s*\n\s*/g, " ")}${space}${fence}`;
}

// A description, which is Markdown, in a cell: paragraphs are parted by breaks, and
// what would be HTML outside of code is text.
function prose(text = "") {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s*\n\s*/g, " "))
    .join("<br><br>")
    .replace(/(`+)[^`]+\1|<(?!br>)|\|/g, (match) => {
      if (match === "<") return "&lt;";
      return match.replaceAll("|", "\\|");
    });
}

/**
 * The README with what stands between its markers replaced.
 *
 * @param {string} readme
 * @param {string} docs
 * @returns {string}
 */
export function insert(readme, docs) {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`it needs the lines ${BEGIN} and ${END}`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${docs}\n\n${readme.slice(end)}`;
}

// terraform-config-inspect does not know this kind of block.
function ephemeralsOf(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".tf"))
    .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/^ephemeral "(\w+)" "([\w-]+)"/gm)])
    .map(([, type, name]) => ({ type, name }));
}

function main([first, ...rest]) {
  const check = first === "--check";
  const [inspect, ...folders] = check ? rest : [first, ...rest];
  let wrong = 0;
  for (const folder of folders) {
    const file = join(folder, "README.md");
    try {
      if (!existsSync(file)) throw new Error("it is missing");
      const module = JSON.parse(execFileSync(inspect, ["--json", folder], { encoding: "utf8", stdio: "pipe" }));
      for (const [kind, members] of [["variable", module.variables], ["output", module.outputs]]) {
        const bare = inOrder(members).find((member) => !member.description);
        if (bare) throw new Error(`the ${kind} ${bare.name} has no description`);
      }
      const readme = readFileSync(file, "utf8");
      const wanted = insert(readme, render(module, ephemeralsOf(folder)));
      if (wanted === readme) continue;
      if (check) throw new Error("its tables are not those of the sources; scripts/terraform-docs writes them");
      writeFileSync(file, wanted);
      console.log(`wrote ${file}`);
    } catch (error) {
      console.error(`${file}: ${error.message}`);
      wrong++;
    }
  }
  process.exitCode = wrong > 0 ? 1 : 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) main(process.argv.slice(2));
