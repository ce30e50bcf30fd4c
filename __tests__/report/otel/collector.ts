import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';

/** What a collector was sent, decoded by OTLP's own schema. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly traceState?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code?: string; readonly message?: string };
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly links: readonly {
    readonly traceId: string;
    readonly spanId: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
}

interface Request {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

export interface Collector {
  /** Such as `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly requests: readonly Request[];
  readonly spans: readonly ReceivedSpan[];
  /** Of the last request. */
  readonly resource: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

const schemas = fileURLToPath(new URL('../../../fixtures/schemas/', import.meta.url));

/** A receiver of OTLP over HTTP, protobuf and JSON. @param answer Default: everything is taken. */
export async function startCollector(
  answer: (response: ServerResponse) => void = (response) => response.end(),
): Promise<Collector> {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => schemas + target;
  await root.load('opentelemetry/proto/trace/v1/trace.proto');
  const message = root.lookupType('opentelemetry.proto.trace.v1.TracesData');

  const requests: Request[] = [];
  const spans: ReceivedSpan[] = [];
  let resource: Readonly<Record<string, unknown>> = {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url, headers } = request;
      requests.push({ url, headers });
      const packed = Buffer.concat(chunks);
      const body = headers['content-encoding'] === 'gzip' ? gunzipSync(packed) : packed;
      const isJson = headers['content-type'] === 'application/json';
      const decoded = isJson ? fromJson(message, body) : message.decode(body);
      for (const received of plain(message, decoded).resourceSpans) {
        resource = attributesOf(received.resource.attributes);
        for (const scope of received.scopeSpans) spans.push(...scope.spans.map(spanOf));
      }
      answer(response);
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    spans,
    get resource() {
      return resource;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** OTLP's JSON writes ids as hexadecimal digits, where protobuf's JSON has base64. */
function fromJson(message: protobuf.Type, body: Buffer): protobuf.Message {
  const value = JSON.parse(body.toString('utf8'), (key, entry) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(entry, 'hex') : entry,
  );
  return message.fromObject(value);
}

// biome-ignore lint/suspicious/noExplicitAny: its shape is the schema's
function plain(message: protobuf.Type, value: protobuf.Message): any {
  return message.toObject(value, { longs: String, enums: String, bytes: String, arrays: true });
}

// biome-ignore lint/suspicious/noExplicitAny: its shape is the schema's
function spanOf({ attributes, events, links, status = {}, ...span }: any): ReceivedSpan {
  return {
    ...span,
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    ...(span.parentSpanId && { parentSpanId: hex(span.parentSpanId) }),
    status,
    attributes: attributesOf(attributes),
    // biome-ignore lint/suspicious/noExplicitAny: its shape is the schema's
    events: events.map((event: any) => ({ ...event, attributes: attributesOf(event.attributes) })),
    // biome-ignore lint/suspicious/noExplicitAny: its shape is the schema's
    links: links.map((link: any) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: attributesOf(link.attributes),
    })),
  };
}

function hex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

function attributesOf(list: readonly KeyValue[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(list.map(({ key, value }) => [key, valueOfAny(value)]));
}

function valueOfAny(value: Readonly<Record<string, unknown>>): unknown {
  const [[kind, content] = []] = Object.entries(value);
  if (kind === 'intValue') return Number(content);
  if (kind !== 'arrayValue') return content;
  return (content as { values: readonly Readonly<Record<string, unknown>>[] }).values.map(valueOfAny);
}
