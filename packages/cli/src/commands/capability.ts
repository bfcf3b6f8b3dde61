/** What decides the bits that this machine computes. */
import { folderStore } from "unspool/train/node";
import type { Capability } from "@unspool/workers";
import type { EngineRecord } from "./engineOptions.ts";

export function capability({ engine, fma = false }: EngineRecord): Capability {
  const { unspool = "unknown" } = folderStore(".").environment?.() ?? {};
  return { unspool, node: process.version, engine, fma };
}
