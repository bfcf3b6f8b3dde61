/**
 * A connection to the queue's server that outlives its restarts. What no waiting mends, such as a wrong password or a
 * certificate that is not trusted, is an error at once.
 */
import { Redis } from "ioredis";
import { UnspoolError } from "unspool";
import { queueAddress } from "./queueUrl.ts";

/** No server answers at an address, or it does not let us in, or it is not who it says. */
export class QueueError extends UnspoolError {
  constructor(address: string, problem: string) {
    super("QUEUE", `${address}: ${problem}`, { address });
  }
}

export interface QueueConnection {
  client: Redis;
  /** The address without its password. */
  shown: string;
}

/**
 * Connects, and waits for a server that is not there yet, or not any more, telling it once each time. Throws `QueueError`
 * for what stays so, and where `signal` comes first.
 */
export async function connectQueue(
  url: string,
  onMessage: (message: string) => void,
  signal?: AbortSignal,
): Promise<QueueConnection> {
  const { options, shown } = queueAddress(url);
  const client = new Redis({ ...options, maxRetriesPerRequest: null });
  const isSafe = options.tls !== undefined;
  let isTold = false;
  client.on("ready", () => (isTold = false));
  try {
    await new Promise<void>((resolve, reject) => {
      const stop = (): void => reject(new QueueError(shown, "no server has answered."));
      if (signal?.aborted === true) stop();
      signal?.addEventListener("abort", stop, { once: true });
      client.once("ready", () => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
      client.on("error", (error) => {
        if (isLasting(error)) reject(new QueueError(shown, hintOf(error, isSafe)));
        if (!isTold) onMessage(`${shown}: ${hintOf(error, isSafe)} It is asked again.`);
        isTold = true;
      });
    });
  } catch (error) {
    client.disconnect();
    throw error;
  }
  return { client, shown };
}

const isOfEntry = /NOAUTH|WRONGPASS|NOPERM/;
const isOfCertificate = /certificate|altname|CERT_/i;
const isOfTls = /EPROTO|wrong version number|packet length too long|SSL routines/i;

const textOf = (error: Error): string => `${(error as NodeJS.ErrnoException).code ?? ""} ${error.message}`;

const isLasting = (error: Error): boolean =>
  [isOfEntry, isOfCertificate, isOfTls].some((kind) => kind.test(textOf(error)));

/** What an error of a connection means, and what to do. `isSafe`: it was to be by TLS. */
export function hintOf(error: Error, isSafe: boolean): string {
  const said = error.message.trim() === "" ? "no answer" : error.message.trim();
  const text = textOf(error);
  if (isOfEntry.test(text))
    return `the server does not let us in (${said}). Write redis://USER:PASSWORD@HOST:PORT, best into UNSPOOL_QUEUE.`;
  if (isOfCertificate.test(text))
    return `the server's certificate is not trusted (${said}). If it is of your own authority, set NODE_EXTRA_CA_CERTS to the file with that one's certificate; the certificate must name the host of the address.`;
  if (isOfTls.test(text))
    return `the server does not speak TLS there (${said}). Write redis://, or its port for TLS.`;
  if (/ECONNRESET|closed|hang up/.test(text))
    return `the server has closed the connection (${said}). If it asks for TLS, write rediss://.`;
  const orPlain = isSafe && /ETIMEDOUT/.test(text) ? " Or it speaks no TLS there: write redis://, or its port for TLS." : ""; // prettier-ignore
  return `the server cannot be reached (${said}). Does it run there, and does it listen on that address?${orPlain}`;
}
