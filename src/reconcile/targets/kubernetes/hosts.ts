/** Whether an address is on a host that a pattern allows: `host`, `host:port`, `*.example.com`, `*.example.com:port`. */
export function hostMatches(pattern: string, url: URL): boolean {
  const [host, port] = split(pattern.trim().toLowerCase());
  if (port !== undefined && port !== (url.port === '' ? '443' : url.port)) return false;
  const actual = url.hostname.toLowerCase().replace(/\.$/, '');
  if (host.startsWith('*.')) return actual.endsWith(host.slice(1)) && actual.length > host.length - 1;
  return actual === host;
}

/** An address of IPv6 stands in brackets, as in a URL. */
function split(pattern: string): readonly [host: string, port: string | undefined] {
  const { host = pattern, port } = /^(?<host>.*?)(?::(?<port>\d+))?$/.exec(pattern)?.groups ?? {};
  const isBare = port !== undefined && host.includes(':') && !host.endsWith(']');
  return isBare ? [`[${pattern}]`, undefined] : [host, port];
}
