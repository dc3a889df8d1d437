import { afterEach, beforeEach, describe } from 'vitest';
import { attachments, blobs, pages } from './conformance/beside.ts';
import type { Subject } from './conformance/fixtures.ts';
import { lifetime, refusals } from './conformance/lifetime.ts';
import { appends, follows, reads, truncates } from './conformance/log.ts';
import type { Driver } from './driver.ts';

/** One store, open, with one driver. */
export interface Opened {
  readonly driver: Driver;
  /** Closes every driver of the store and opens it again with all that was acknowledged. */
  reopen(): Promise<Driver>;
  /** Removes what the store left behind. Called after the driver has been closed. */
  remove?(): Promise<void>;
}

/**
 * The contract of `driver.ts` as tests; every driver runs it on its real engine, from a test file of its own.
 * `open` makes a new, empty store each time.
 */
export function driverConformance(name: string, open: () => Promise<Opened>): void {
  describe(`${name} keeps the contract of a driver`, () => {
    let opened: Opened;
    let driver: Driver;
    beforeEach(async () => {
      opened = await open();
      driver = opened.driver;
    });
    afterEach(async () => {
      await driver.close();
      await opened.remove?.();
    });
    const subject: Subject = {
      get driver() {
        return driver;
      },
      async reopen() {
        driver = await opened.reopen();
        return driver;
      },
    };
    describe('append', () => appends(subject));
    describe('attachments', () => attachments(subject));
    describe('read', () => reads(subject));
    describe('follow', () => follows(subject));
    describe('blobs', () => blobs(subject));
    describe('pages', () => pages(subject));
    describe('truncate', () => truncates(subject));
    describe('names and numbers', () => refusals(subject));
    describe('reopen and close', () => lifetime(subject));
  });
}
