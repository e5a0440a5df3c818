import type { ReactNode } from "react";
import type { Address } from "viem";
import { PageHeading } from "@/components/page-heading";
import { StrangerText } from "@/components/stranger-text";
import { useManifest } from "@/features/content/use-content";
import { href } from "@/hooks/use-route";
import { shorten } from "@/lib/format";
import { cleanText } from "@/lib/text";
import type { FederationConfig } from "./use-federation-state";

const VIEWS = [
  ["federation", "Overview"],
  ["chain", "Chain"],
  ["model", "Model"],
  ["participate", "Participate"],
  ["admin", "Admin"],
] as const;

interface Props {
  address: Address;
  config: FederationConfig;
  /** Which of the federation's pages it is; a page of a block belongs to the chain. */
  current: (typeof VIEWS)[number][0];
  /** What the page is of; none: of the federation as a whole. */
  heading?: string;
  /** Beside the heading. */
  aside?: ReactNode;
  /** Below the heading. */
  children?: ReactNode;
}

/** What every page of a federation begins with: its name, and the way to its other pages. */
export function FederationHeader({ address, config, current, heading, aside, children }: Props) {
  const title = useManifest(config.manifest).data?.title;
  const name = cleanText(title, 80) || `Federation ${shorten(address)}`;
  return (
    <header className="space-y-3">
      <nav
        aria-label="Pages of this federation"
        className="flex overflow-x-auto border-base-300 border-b sm:gap-2"
      >
        {VIEWS.map(([path, words]) => (
          <a
            key={path}
            href={href(path, address)}
            aria-current={path === current ? "page" : undefined}
            className={`-outline-offset-2 whitespace-nowrap border-b-2 px-1.5 py-2 text-sm sm:px-3 ${
              path === current
                ? "border-primary font-semibold"
                : "border-transparent hover:border-base-content/40"
            }`}
          >
            {words}
          </a>
        ))}
      </nav>
      <div>
        {heading !== undefined && (
          <p className="truncate text-base-content/70 text-sm" title={name}>
            <StrangerText value={name} most={80} />
          </p>
        )}
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {heading === undefined ? (
            <PageHeading title={name}>
              <StrangerText value={name} most={80} />
            </PageHeading>
          ) : (
            <PageHeading title={`${heading} · ${name}`}>{heading}</PageHeading>
          )}
          {aside}
        </div>
      </div>
      {children}
    </header>
  );
}
