/** Options of the commands that have to do with a queue. */
import type { OptionSpec } from "./commands.ts";

/** Of commands that may hand their cells to one. */
export const queue: OptionSpec = {
  value: "URL",
  help: "of a study or a sweep: its cells are run by the workers of this queue, redis://HOST:PORT; the bits are the same. env: the address in UNSPOOL_QUEUE",
};

export const store: OptionSpec = {
  value: "STORE",
  help: "with --queue: workers keep checkpoints here, and not on the queue's server: a folder that all see, or s3://BUCKET/PREFIX?endpoint=URL with the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
};

/** Of commands that are of a queue only. */
export const ownQueue: OptionSpec = {
  ...queue,
  help: "redis://HOST:PORT, or rediss:// for TLS, with USER:PASSWORD@ where it asks for them (default: the address in UNSPOOL_QUEUE, which the list of processes does not show)",
};

/** What only `unspool worker` has of these. */
export const workerOptions: Readonly<Record<string, OptionSpec>> = {
  store: {
    ...store,
    help: "serve studies that were started with this --store, and only them: a folder that all see, or s3://BUCKET/PREFIX?endpoint=URL (default: checkpoints on the queue's server)",
  },
  hold: {
    value: "SECONDS",
    help: "another worker goes on with the cells of one that is not heard of for so long, 0.5 to 3600 (default 30)",
  },
  health: {
    value: "PORT",
    help: "tell at /healthz whether the queue is reached, and at /metrics (Prometheus) what is done; on this machine only, or on HOST:PORT (default: no port is opened)",
  },
};
