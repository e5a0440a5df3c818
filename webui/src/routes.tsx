// Every page, by the first part of its path; each is a script of its own that loads when it is visited.
import { type ComponentType, lazy } from "react";
import type { Route } from "./hooks/use-route";

export interface PageProps {
  route: Route;
}

interface Page {
  title: string;
  /** In the navigation, in this order. */
  nav: boolean;
  component: ComponentType<PageProps>;
}

const page = (load: () => Promise<{ default: ComponentType<PageProps> }>) => lazy(load);

export const PAGES: Readonly<Record<string, Page>> = {
  "": { title: "Federations", nav: true, component: page(() => import("./features/home/home-page")) },
  create: { title: "Create", nav: true, component: page(() => import("./features/create/create-page")) },
  network: { title: "Network", nav: true, component: page(() => import("./features/network/network-page")) },
  federation: {
    title: "Federation",
    nav: false,
    component: page(() => import("./features/federation/federation-page")),
  },
  chain: { title: "Chain", nav: false, component: page(() => import("./features/lineage/chain-page")) },
  block: { title: "Block", nav: false, component: page(() => import("./features/block/block-page")) },
  model: { title: "Model", nav: false, component: page(() => import("./features/model/model-page")) },
  participate: {
    title: "Participate",
    nav: false,
    component: page(() => import("./features/membership/participate-page")),
  },
  admin: { title: "Admin", nav: false, component: page(() => import("./features/admin/admin-page")) },
};
