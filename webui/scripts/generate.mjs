// Writes src/generated: what the contracts, their documentation and the Python client say, in TypeScript.
// Run by `npm run generate`; the files are never edited by hand.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toEventSelector, toFunctionSelector } from "viem";
import { abiModule, enumsModule, errorsModule, eventsModule, HEAD } from "./modules.mjs";

const ROOT = new URL("../..", import.meta.url).pathname;
const OUT = new URL("../src/generated", import.meta.url).pathname;
const ARTEFACTS = join(ROOT, "build", "contracts");

/** The contracts that pages speak to: the name in TypeScript, the artefact, and whether its events are followed. */
const CONTRACTS = [
  ["factoryAbi", "IFederationFactory", true],
  ["federationAbi", "IFederation", true],
  ["minerAbi", "IMiner", true],
  ["stakeVaultAbi", "IStakeVault", true],
  ["rewardVaultAbi", "IRewardVault", true],
  ["consensusAbi", "IConsensus", true],
  ["scheduledConsensusAbi", "IScheduledConsensus", true],
  ["proofOfWorkAbi", "IProofOfWork", true],
  ["policyAbi", "IMembershipPolicy", false],
  ["allowListPolicyAbi", "AllowListPolicy", true],
  ["tokenAbi", "IERC20Metadata", false],
];

function main() {
  if (!CONTRACTS.every(([, name]) => existsSync(join(ARTEFACTS, `${name}.json`)))) compile();
  const artefacts = readdirSync(ARTEFACTS)
    .filter((file) => file.endsWith(".json") && !file.startsWith("Mock"))
    .map((file) => readJson(join(ARTEFACTS, file)));
  const abis = new Map(artefacts.map(({ contractName, abi }) => [contractName, abi]));
  const chosen = CONTRACTS.map(([name, contract]) => [
    name,
    abis.get(contract) ?? fail(`${contract} is not built`),
  ]);
  const followed = CONTRACTS.filter(([, , follow]) => follow).flatMap(([, contract]) => abis.get(contract));
  const errors = unique(
    artefacts.flatMap(({ abi }) => abi),
    "error",
    toFunctionSelector,
  );

  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  write("abi.ts", abiModule(chosen));
  write("enums.ts", enumsModule(enums()));
  write("events.ts", eventsModule(unique(followed, "event", toEventSelector)));
  write("errors.ts", errorsModule(errors, words()));
  write("reasons.ts", table("REASONS", "Record<number, { name: string; words: string }>", reasons()));
  console.log(`generated ${OUT}: ${chosen.length} contracts, ${errors.length} errors`);
}

function compile() {
  console.log("compiling the contracts (tools/run brownie compile)");
  const done = spawnSync(join(ROOT, "tools", "run"), ["brownie", "compile"], { cwd: ROOT, stdio: "inherit" });
  if (done.status !== 0) fail("the contracts do not compile: run 'make setup' first");
}

/** The rows | `Name(parameters)` | cause | cure | of docs/errors.md, by name. */
function words() {
  const row = /^\| `(\w+)\(([^)]*)\)` \| (.+?) \| (.+?) \|$/;
  const plain = (cell) => cell.replaceAll("`", "'").replaceAll("\\|", "|");
  const lines = readText("docs", "errors.md").split("\n");
  const rows = lines.map((line) => row.exec(line.trim())).filter((found) => found !== null);
  if (rows.length === 0) fail("docs/errors.md has no table of errors any more");
  return Object.fromEntries(
    rows.map(([, name, parameters, cause, cure]) => [
      name,
      { parameters: parameters ? parameters.split(", ") : [], cause: plain(cause), cure: plain(cure) },
    ]),
  );
}

/** Code, name and words of every reason for a refusal, as the client has them. */
function reasons() {
  const text = readText("client", "minerva", "protocol", "reasons.py");
  const said = Object.fromEntries(
    [...text.matchAll(/Reason\.(\w+): "([^"]*)"/g)].map(([, name, phrase]) => [name, phrase]),
  );
  const codes = [...text.matchAll(/^ {4}([A-Z_]+) = (\d+)$/gm)];
  if (codes.length === 0 || codes.some(([, name]) => said[name] === undefined))
    fail("reasons.py has another form than before");
  return Object.fromEntries(codes.map(([, name, code]) => [code, { name, words: said[name] }]));
}

/** Every enum of the interfaces: its members in order. */
function enums() {
  const folder = join(ROOT, "contracts", "interfaces");
  const found = {};
  for (const file of readdirSync(folder)) {
    for (const [, name, body] of readText("contracts", "interfaces", file).matchAll(
      /^\s*enum (\w+) \{([^}]*)\}/gm,
    )) {
      found[name] = body
        .split(",")
        .map((member) => member.trim())
        .filter(Boolean);
    }
  }
  return found;
}

function unique(abi, type, selector) {
  const bySelector = new Map(
    abi.filter((entry) => entry.type === type).map((entry) => [selector(entry), entry]),
  );
  return [...bySelector.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function table(name, type, value) {
  return `${HEAD}export const ${name}: ${type} = ${JSON.stringify(value, null, 2)};\n`;
}

function readText(...path) {
  return readFileSync(join(ROOT, ...path), "utf8");
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function write(file, text) {
  writeFileSync(join(OUT, file), text);
}

function fail(why) {
  console.error(`generate: error: ${why}`);
  process.exit(1);
}

main();
