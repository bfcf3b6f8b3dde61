/** What decides the bits that this machine computes, and where it keeps checkpoints of a queue. */
import { folderStore } from "unspool/train/node";
import type { BlobStore, Capability } from "@unspool/workers";
import type { EngineRecord } from "./engineOptions.ts";

export function capability({ engine, fma = false }: EngineRecord, blobs?: BlobStore): Capability {
  const { unspool = "unknown" } = folderStore(".").environment?.() ?? {};
  return { unspool, node: process.version, engine, fma, ...(blobs && { store: blobs.identity }) };
}
