import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PlumbError } from '#domain/errors';
import type { Stream } from '../../driver.ts';

/** In the header of the file, where `file` and other programs look: `Plmb`. */
const applicationId = 0x50_6c_6d_62;

/** Format of the tables. A greater one was written by a newer version and is refused. */
const format = 1;

/**
 * `truth` and `work` are the streams. `blob` and `page` say where their bytes are; the bytes themselves stand in
 * `piece`, whose rows are written over when erased and listed in `free` (see `pieces.ts`).
 */
const schema = `
CREATE TABLE truth (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE work (seq INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE blob (id TEXT PRIMARY KEY, length INTEGER NOT NULL, rows TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE page (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, length INTEGER NOT NULL, rows TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE piece (row INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE free (size INTEGER NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (size, row)) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${format};
`;

/**
 * Takes the file for this process alone and checks that it is ours, or empty, before anything is written to it.
 * Returns `true` if it was empty and has been given its tables.
 * Errors: `corrupt` for a database of something else, `unsupported` for a newer format, SQLite's own if it is locked.
 */
export function claim(database: DatabaseSync, synchronous: 'full' | 'off'): boolean {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;');
  const isNew = checkHeader(database);
  database.exec('PRAGMA journal_mode = WAL');
  const mode = number(database, 'PRAGMA journal_mode', 'journal_mode');
  if (mode !== 'wal')
    throw new PlumbError('unavailable', 'the file system of the store cannot carry a write-ahead log');
  database.exec(`
    PRAGMA synchronous = ${synchronous};
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 0;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA cache_size = -8192;
    PRAGMA cell_size_check = ON;
  `);
  database.exec(`BEGIN IMMEDIATE; ${isNew ? schema : ''} COMMIT`);
  return isNew;
}

/** `true` for an empty file. */
function checkHeader(database: DatabaseSync): boolean {
  const id = number(database, 'PRAGMA application_id', 'application_id');
  const version = Number(number(database, 'PRAGMA user_version', 'user_version'));
  const isEmpty = number(database, 'SELECT count(*) AS count FROM sqlite_schema', 'count') === 0;
  if (isEmpty && id === 0 && version === 0) return true;
  if (id !== applicationId || version < 1) {
    throw new PlumbError('corrupt', 'the database file was not made by plumb', {
      hint: 'give the server an empty folder, or the right one',
    });
  }
  if (version > format) {
    throw new PlumbError('unsupported', 'the store was written by a newer version of plumb', {
      hint: 'run that version or a later one on this folder',
      details: { format: version, supported: format },
    });
  }
  return false;
}

function number(database: DatabaseSync, sql: string, column: string): unknown {
  return database.prepare(sql).get()?.[column];
}

/** All statements but the pragmas, prepared once. */
export interface Statements {
  readonly begin: StatementSync;
  readonly commit: StatementSync;
  readonly rollback: StatementSync;
  readonly perStream: Readonly<Record<Stream, StreamStatements>>;
  readonly blob: StatementSync;
  readonly anyBlob: StatementSync;
  readonly blobIds: StatementSync;
  readonly insertBlob: StatementSync;
  readonly deleteBlob: StatementSync;
  readonly page: StatementSync;
  readonly pages: StatementSync;
  readonly insertPage: StatementSync;
  readonly deletePage: StatementSync;
  readonly piece: StatementSync;
  readonly freePiece: StatementSync;
  readonly takePiece: StatementSync;
  readonly insertPiece: StatementSync;
  readonly updatePiece: StatementSync;
  readonly erasePiece: StatementSync;
  readonly givePiece: StatementSync;
  readonly countFrames: StatementSync;
  readonly checkpoint: StatementSync;
  readonly emptyWal: StatementSync;
}

export interface StreamStatements {
  readonly insert: StatementSync;
  readonly range: StatementSync;
  readonly bounds: StatementSync;
  readonly truncate: StatementSync;
}

export function prepare(database: DatabaseSync): Statements {
  return {
    begin: database.prepare('BEGIN IMMEDIATE'),
    commit: database.prepare('COMMIT'),
    rollback: database.prepare('ROLLBACK'),
    perStream: { truth: prepareStream(database, 'truth'), work: prepareStream(database, 'work') },
    blob: database.prepare('SELECT length, rows FROM blob WHERE id = ?'),
    anyBlob: database.prepare('SELECT id FROM blob WHERE id BETWEEN ? AND ? LIMIT 1'),
    blobIds: database.prepare('SELECT id FROM blob WHERE id > ? ORDER BY id LIMIT ?'),
    insertBlob: database.prepare('INSERT INTO blob (id, length, rows) VALUES (?, ?, ?)'),
    deleteBlob: database.prepare('DELETE FROM blob WHERE id = ?'),
    page: database.prepare('SELECT length, rows FROM page WHERE name = ?'),
    // Names are ASCII, and compared as bytes: `~` stands behind every character of theirs.
    pages: database.prepare(`SELECT name, seq, length, rows FROM page
      WHERE name >= ?1 AND name < ?1 || '~' AND name > ?2 ORDER BY name`),
    insertPage: database.prepare('INSERT INTO page (name, seq, length, rows) VALUES (?, ?, ?, ?)'),
    deletePage: database.prepare('DELETE FROM page WHERE name = ?'),
    piece: database.prepare('SELECT bytes FROM piece WHERE row = ?'),
    freePiece: database.prepare('SELECT size, row FROM free WHERE size BETWEEN ? AND ? ORDER BY size, row LIMIT 1'),
    takePiece: database.prepare('DELETE FROM free WHERE size = ? AND row = ?'),
    insertPiece: database.prepare('INSERT INTO piece (bytes) VALUES (?)'),
    updatePiece: database.prepare('UPDATE piece SET bytes = ? WHERE row = ?'),
    erasePiece: database.prepare('UPDATE piece SET bytes = zeroblob(length(bytes)) WHERE row = ?'),
    givePiece: database.prepare('INSERT INTO free (size, row) SELECT length(bytes), row FROM piece WHERE row = ?'),
    countFrames: database.prepare('PRAGMA wal_checkpoint(NOOP)'),
    checkpoint: database.prepare('PRAGMA wal_checkpoint(PASSIVE)'),
    emptyWal: database.prepare('PRAGMA wal_checkpoint(TRUNCATE)'),
  };
}

function prepareStream(database: DatabaseSync, stream: Stream): StreamStatements {
  return {
    insert: database.prepare(`INSERT INTO ${stream} (seq, bytes) VALUES (?, ?)`),
    range: database.prepare(`SELECT seq, bytes FROM ${stream} WHERE seq BETWEEN ? AND ? ORDER BY seq`),
    bounds: database.prepare(
      `SELECT (SELECT min(seq) FROM ${stream}) AS first, (SELECT max(seq) FROM ${stream}) AS last`,
    ),
    truncate: database.prepare(`DELETE FROM ${stream} WHERE seq <= ?`),
  };
}
