// stdin: {"modules": FOLDER, "how": HOW, "files": {PATH: CODE}}; stdout: {PATH: CODE}.
// HOW: `terser`, or a preset of javascript-obfuscator. A file that it cannot read is left out.
"use strict";
const { createRequire } = require("node:module");

async function terser(modules, code, isModule) {
  const { minify } = createRequire(modules + "/")("terser");
  const options = { compress: true, mangle: true, toplevel: true, module: isModule };
  return (await minify(code, options)).code;
}

function obfuscated(modules, code, preset) {
  const { obfuscate } = createRequire(modules + "/")("javascript-obfuscator");
  return obfuscate(code, { optionsPreset: preset, seed: 1 }).getObfuscatedCode();
}

async function rewritten(modules, how, path, code) {
  if (how !== "terser") return obfuscated(modules, code, how);
  const first = path.endsWith(".mjs");
  return terser(modules, code, first).catch(() => terser(modules, code, !first));
}

async function main() {
  let text = "";
  for await (const part of process.stdin.setEncoding("utf8")) text += part;
  const { modules, how, files } = JSON.parse(text);
  const out = {};
  for (const [path, code] of Object.entries(files)) {
    try {
      out[path] = await rewritten(modules, how, path, code);
    } catch (error) {
      process.stderr.write(`${path}: ${error.message}\n`);
    }
  }
  process.stdout.write(JSON.stringify(out));
}

main();
