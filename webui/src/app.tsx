import { Suspense, useLayoutEffect, useRef } from "react";
import { Toaster } from "sonner";
import { ErrorBoundary } from "./components/error-boundary";
import { Layout } from "./components/layout";
import { Loading } from "./components/loading";
import { Missing } from "./components/missing";
import { ChainNotice } from "./features/chain/chain-notice";
import { useRecovery } from "./features/chain/use-recovery";
import { useRoute } from "./hooks/use-route";
import { useTheme } from "./hooks/use-theme";
import { PAGES } from "./routes";

export function App() {
  const route = useRoute();
  useRecovery();
  const [theme, toggleTheme] = useTheme();
  const [name = ""] = route.parts;
  const page = Object.hasOwn(PAGES, name) ? PAGES[name] : undefined;
  const path = route.parts.join("/");
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  // Before the effects of the page's heading, which says more and takes the focus.
  useLayoutEffect(() => {
    document.title = `${page?.title ?? "Not found"} · Minerva`;
  }, [page]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another page, which is read from its top
  useLayoutEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
    window.scrollTo(0, 0);
  }, [path]);

  return (
    <Layout current={name} theme={theme} onTheme={toggleTheme}>
      <main
        id="content"
        ref={main}
        tabIndex={-1}
        className="mx-auto w-full min-h-screen max-w-7xl flex-1 px-4 py-6 outline-none"
      >
        <ChainNotice />
        <ErrorBoundary key={path}>
          <Suspense fallback={<Loading label="Loading the page" />}>
            {page === undefined ? (
              <Missing
                name="Not found"
                title="There is no such page"
                hint="The navigation above has those that there are."
              />
            ) : (
              <page.component route={route} />
            )}
          </Suspense>
        </ErrorBoundary>
      </main>
      <Toaster theme={theme} position="bottom-right" closeButton />
    </Layout>
  );
}
