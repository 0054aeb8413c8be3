// Builds ../page.{js,css}. The digest says from which sources.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const out = process.argv[2] ?? "..";
const sources = readdirSync("src").sort().map((name) => `src/${name}`);
const digest = createHash("sha256");
for (const path of [...sources, "package.json"]) digest.update(path + "\0").update(readFileSync(path)).update("\0");
const banner = `built from source/ (sources ${digest.digest("hex")}) by \`make page\``;
mkdirSync(out, { recursive: true });
for (const [entry, name, comment] of [["src/main.ts", "page.js", `// ${banner}`], ["src/page.css", "page.css", `/* ${banner} */`]]) {
  const made = await build({
    entryPoints: [entry], bundle: true, write: false, target: "es2022", format: "iife", charset: "ascii", minify: false,
  });
  const text = `${comment}\n${made.outputFiles[0].text}`;
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${name} would end its own element`);
  writeFileSync(`${out}/${name}`, text);
}
