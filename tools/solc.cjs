// The Solidity compiler's command line over solc-js: the two questions brownie and forge ask of it,
// `--version` and `--standard-json`. Everything else on the command line is ignored, because both give
// every source's text within the JSON.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const root = path.join(__dirname, "..");
const solc = require(path.join(root, "node_modules", "solc"));

// A path that only an import names (a remapped library) is read from inside the project alone.
function readImport(name) {
  const file = path.resolve(root, name);
  if (!file.startsWith(root + path.sep)) return { error: `${name} lies outside the project` };
  try {
    return { contents: fs.readFileSync(file, "utf8") };
  } catch (error) {
    return { error: `${name} cannot be read: ${error.code}` };
  }
}

// console.log may lose the tail of a long text when the process ends before a pipe has drained.
function print(text) {
  const bytes = Buffer.from(text);
  for (let sent = 0; sent < bytes.length; ) {
    try {
      sent += fs.writeSync(1, bytes, sent);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

if (process.argv.includes("--version")) {
  print(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else if (process.argv.includes("--standard-json")) {
  print(solc.compile(fs.readFileSync(0, "utf8"), { import: readImport }));
} else {
  process.stderr.write("solc: only --version and --standard-json are offered here\n");
  process.exitCode = 2;
}
