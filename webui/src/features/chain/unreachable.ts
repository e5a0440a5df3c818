import { BaseError, HttpRequestError, TimeoutError, WebSocketRequestError } from "viem";

/** Whether an error says that nobody answers, not that somebody refused. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  const cause = error.walk(
    (inner) =>
      inner instanceof TimeoutError ||
      inner instanceof WebSocketRequestError ||
      (inner instanceof HttpRequestError && inner.status === undefined),
  );
  return cause !== null;
}
