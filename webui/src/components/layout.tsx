import type { ReactNode } from "react";
import { ReachBadge } from "@/features/chain/reach-badge";
import { ConnectButton } from "@/features/wallet/connect-button";
import { href } from "@/hooks/use-route";
import type { Theme } from "@/hooks/use-theme";
import { PAGES } from "@/routes";
import { Icon } from "./icon";

interface Props {
  /** First part of the path of the page shown. */
  current: string;
  theme: Theme;
  onTheme: () => void;
  children: ReactNode;
}

export function Layout({ current, theme, onTheme, children }: Props) {
  const pages = Object.entries(PAGES).filter(([, page]) => page.nav);
  return (
    <div className="flex min-h-screen flex-col bg-base-200 text-base-content">
      {/* biome-ignore lint/a11y/useValidAnchor: it leads to a place of this page, whose address after the # is taken */}
      <a
        href="#content"
        className="btn btn-primary sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-30"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("content")?.focus();
        }}
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-20 border-base-300 border-b bg-base-100">
        <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2">
          <a href={href()} className="flex items-center gap-2 font-bold text-lg">
            <img src="./icon.svg" alt="" width={28} height={28} />
            Minerva
          </a>
          <nav
            aria-label="Pages"
            className="order-last flex w-full gap-1 overflow-x-auto sm:order-none sm:w-auto sm:flex-1"
          >
            {pages.map(([path, page]) => (
              <a
                key={path}
                href={href(path)}
                aria-current={path === current ? "page" : undefined}
                className={`btn btn-ghost btn-sm ${path === current ? "btn-active" : ""}`}
              >
                {page.title}
              </a>
            ))}
          </nav>
          <div className="ml-auto flex items-center gap-2">
            <ReachBadge />
            <button
              type="button"
              className="btn btn-ghost btn-sm btn-square"
              onClick={onTheme}
              aria-label={theme === "light" ? "Use dark colours" : "Use light colours"}
            >
              <Icon name={theme === "light" ? "moon" : "sun"} />
            </button>
            <ConnectButton />
          </div>
        </div>
      </header>
      {children}
      <footer className="border-base-300 border-t px-4 py-4 text-center text-base-content/70 text-sm">
        Everything here is read from the chain and from IPFS by this page itself.
      </footer>
    </div>
  );
}
