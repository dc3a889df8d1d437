/** Where audit records of reads and refusals go. Writes are audited in the commit itself. */
export interface AuditSink {
  /**
   * Hands over one encoded record (a JSON text without a line break). Resolves when it has been
   * written, so that the act may be released; it is synced within a second. Rejects when it could
   * not be written: the act must then be refused.
   */
  write(record: string): Promise<void>;
  /** Resolves when everything handed over is durable. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
