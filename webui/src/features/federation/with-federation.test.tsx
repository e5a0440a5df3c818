import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { WithFederation } from "./with-federation";

const feed = {
  record: { rounds: [] },
  complete: false,
  progress: 0.5,
  error: null,
  entry: null,
  unknown: false,
};
vi.mock("./use-federation", () => ({ useFederation: () => feed }));
vi.mock("./use-federation-state", () => ({ useFederationConfig: () => ({ data: {}, error: null }) }));

const shown = () =>
  renderToStaticMarkup(<WithFederation address="0x1">{() => <p>the page</p>}</WithFederation>);

test("a federation of whose events little is read is not shown yet, lest what is shown moves", () => {
  expect(shown()).not.toContain("the page");
  feed.complete = true;
  expect(shown()).toContain("the page");
});
