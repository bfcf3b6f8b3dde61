/**
 * Where large checkpoints are kept in place of Redis: whole pieces of bytes under names, in a folder that all machines
 * see or in an S3-compatible store. A name is the hash of the bytes with the id of who has written them, so a piece is
 * never written with other bytes, and nobody ever needs to lock one.
 */
import { OptionError } from "unspool";

export interface BlobStore {
  /** For people. */
  readonly name: string;
  /** What two machines compare: the same where they see the same bytes. */
  readonly identity: string;
  /** Keeps `bytes` as `name` of `run`: all of them or nothing. */
  put(run: string, name: string, bytes: Uint8Array): Promise<void>;
  /** Undefined if there is no such piece. */
  get(run: string, name: string): Promise<Uint8Array | undefined>;
  /** Nothing happens if there is no such piece. */
  remove(run: string, name: string): Promise<void>;
  /** Names of all pieces of `run`. */
  list(run: string): Promise<string[]>;
}

/** The store has no room: the same may be possible later. */
export class BlobsFullError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Nobody answers: the same may be possible later. */
export class BlobsAwayError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** `DIR`, or `s3://BUCKET[/PREFIX][?endpoint=URL&region=NAME]`. Throws `OptionError`; of a store that does not answer, too. */
export async function blobStore(address: string): Promise<BlobStore> {
  if (/^s3:/i.test(address)) {
    const { s3Blobs } = await import("./s3Blobs.ts");
    return s3Blobs(address);
  }
  if (address.trim() === "" || /^[a-z][a-z0-9+.-]*:\/\//i.test(address))
    throw new OptionError("blobStore", "store", address, "a folder or s3://BUCKET/PREFIX");
  const { folderBlobs } = await import("./folderBlobs.ts");
  return folderBlobs(address);
}
