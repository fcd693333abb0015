const DEFAULT_PORT = 22;

/** The name under which a host is on file: in lower case, `[host]:port` for another port than 22. */
export function knownHostName(host: string, port: number): string {
  const lower = host.toLowerCase();
  return port === DEFAULT_PORT ? lower : `[${lower}]:${port}`;
}
