import { expect, test } from "vitest";
import {
  formatAmount,
  formatBytes,
  formatDuration,
  formatLoss,
  formatNumber,
  formatRelative,
  formatTime,
  shorten,
} from "./format";

test("amounts keep six decimals and never round to nothing", () => {
  expect(formatAmount(1_500_000_000_000_000_000n)).toBe("1.5 ETH");
  expect(formatAmount(1n)).toBe("< 0.000001 ETH");
  expect(formatAmount(0n)).toBe("0 ETH");
  expect(formatAmount(-2_500_000_000_000_000_000n)).toBe("-2.5 ETH");
  expect(formatAmount(1_234_567_890n, 6, "USDC")).toBe("1,234.56789 USDC");
  expect(formatAmount(2n ** 255n, 0, "T")).toMatch(/^57,896,044/);
  expect(formatAmount(2_500_000n, null, "T")).toBe("2,500,000 base units of T");
});

test("lengths use the unit that fits", () => {
  expect(formatBytes(0)).toBe("0 B");
  expect(formatBytes(1023)).toBe("1023 B");
  expect(formatBytes(1536)).toBe("1.5 KiB");
  expect(formatBytes(67_108_864)).toBe("64.0 MiB");
  expect(formatBytes(Number.NaN)).toBe("–");
});

test("times are told from now, and to the second", () => {
  expect(formatRelative(100, 100)).toBe("now");
  expect(formatRelative(40, 100)).toBe("1 min ago");
  expect(formatRelative(7300, 100)).toBe("in 2 h");
  expect(formatTime(0)).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  expect(formatTime(2 ** 48)).toBe(`${2 ** 48} s`);
});

test("durations have two units", () => {
  expect(formatDuration(0)).toBe("0 s");
  expect(formatDuration(600)).toBe("10 min");
  expect(formatDuration(90_061)).toBe("1 d 1 h");
  expect(formatDuration(0.0353)).toBe("35 ms");
  expect(formatDuration(0.000001)).toBe("1 ms");
  expect(formatDuration(0.9999)).toBe("1 s");
  expect(formatDuration(Number.POSITIVE_INFINITY)).toBe("–");
});

test("losses, numbers and addresses", () => {
  expect(formatLoss(758_500n)).toBe("0.7585");
  expect(formatNumber(1_234_567)).toBe("1,234,567");
  expect(formatNumber(Number.NaN)).toBe("–");
  expect(shorten("0x61c36a8d610163660E21a8b7359e1Cac0C9133e1")).toBe("0x61c3…33e1");
});
