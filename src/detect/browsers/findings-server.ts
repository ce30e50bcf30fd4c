import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { page } from './page.js';

export interface FindingsServer {
  /** Of the page, with a token that nobody else on the machine can guess. */
  readonly url: string;
  /** What the page posts, whatever it is. Never rejects. */
  readonly posted: Promise<string>;
  /** Whether anybody has asked for the page. */
  readonly visited: () => boolean;
  close(): void;
}

/** The answer has well under 10 000 characters; who sends more is not our page. */
const maxAnswerChars = 64 * 1024;

/** Serves the page on the loopback interface alone. */
export async function serveFindings(): Promise<FindingsServer> {
  const root = `/${randomBytes(16).toString('hex')}/`;
  let visits = 0;
  let receive: (body: string) => void;
  const posted = new Promise<string>((resolve) => {
    receive = resolve;
  });
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method === 'GET' && path === root) {
      visits += 1;
      response.setHeader('content-type', 'text/html; charset=utf-8').end(page);
    } else if (request.method === 'POST' && path === `${root}findings`) {
      const body = await bodyOf(request);
      response.writeHead(204).end();
      receive(body);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${root}`,
    posted,
    visited: () => visits > 0,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Cut off where it is too long; what a broken connection has brought so far. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  try {
    for await (const chunk of request.setEncoding('utf8')) {
      body += chunk as string;
      if (body.length > maxAnswerChars) break;
    }
  } catch {
    // The browser is gone: what came is judged like every other answer.
  }
  return body;
}
