import type { Address } from "viem";
import { expect, test } from "vitest";
import { publishLine } from "@/features/create/publish-line";
import { USUAL_RULE } from "@/lib/aggregation";
import type { NetworkConfig } from "@/lib/runtime";
import { shellLine, shellWord } from "@/lib/shell";
import { deviceCommands, minerCommands } from "./commands";

const FEDERATION: Address = "0x1111111111111111111111111111111111111111";
const MINER: Address = "0x2222222222222222222222222222222222222222";
const network = (chainId: number): NetworkConfig => ({
  chainId,
  name: "A chain",
  rpc: "https://rpc.example/key?a=1&b=2",
  ws: "",
  gateway: "https://gateway.example",
  factory: FEDERATION,
  block: 0,
  consensus: {},
  policies: {},
  results: {},
  coin: "ETH",
  price: "",
});
const home = (chainId: number, task = "digits", list = "") => ({
  network: network(chainId),
  federation: FEDERATION,
  task,
  list,
  stake: "",
});

test("a device's command names the chain, the federation, the task and the miner", () => {
  expect(deviceCommands(home(11155111, "wards", "bafylist"), MINER).at(-1)?.line).toBe(
    `minerva device run ${FEDERATION} --account device.json --rpc 'https://rpc.example/key?a=1&b=2' ` +
      `--deployment deployments/11155111.json --set device.task=wards.py --set device.allow_list=bafylist ` +
      `--set device.data=./data --miner ${MINER}`,
  );
  expect(deviceCommands(home(31337), null).at(-1)?.line).toBe(
    `minerva device run ${FEDERATION} --account anvil:20 --set device.task=digits`,
  );
});

test("a miner's command names its store, a folder for this federation alone, and where it answers", () => {
  const lines = minerCommands(home(11155111), "https://miner.example:8650").map(({ line }) => line);
  expect(lines).toContain("minerva key new miner.json");
  expect(lines.find((line) => line.includes("miner run"))).toContain(
    "--store kubo:/ip4/127.0.0.1/tcp/5001 --state .minerva/miner-0x11111111 --set miner.public_url=https://miner.example:8650",
  );
});

test("what a policy wants staked is staked first", () => {
  const lines = deviceCommands({ ...home(31337), stake: "0.5ether" }, null).map(({ line }) => line);
  expect(lines).toContain(`minerva stake deposit ${FEDERATION} --account anvil:20 --amount 0.5ether`);
});

test("a stranger's text runs nothing in the shell of whoever copies a command", () => {
  for (const task of ["$(reboot)", "digits; rm -rf ~", "`id`", "a\nb", "--help", "../../etc/passwd", "x'y"]) {
    for (const { line } of deviceCommands(home(1, task), null)) {
      expect(line).not.toContain(task);
      expect(line).not.toMatch(/[\n`$;]/);
    }
  }
  expect(shellWord("it's")).toBe(`'it'\\''s'`);
  expect(shellLine("a", "$(b)", "c d", "")).toBe("a '$(b)' 'c d' ''");
});

test("what publishes a task leaves out what is usual", () => {
  const usual = { task: "", title: "", aggregation: USUAL_RULE, confidential: false, devices: 1 };
  expect(publishLine(usual)).toBe("minerva task publish digits");
  expect(
    publishLine({
      task: "./my task.py",
      title: "Ours",
      aggregation: "krum:f=1",
      confidential: true,
      devices: 5,
    }),
  ).toBe(
    "minerva task publish './my task.py' --set create.title=Ours --set create.aggregation=krum:f=1 " +
      "--set create.min_devices=5 --set create.confidential=true",
  );
});
