import { runUnit } from "./jobs";

/**
 * Threads: every thread has its own instance of the module over one shared memory, and they meet in a control block.
 *
 * A job is cut into units, numbered in an order that does not depend on the threads. The calling thread opens the job;
 * each thread, the caller included, takes the next unit from an atomic counter until none is left, and adds to `done`
 * after each. Cores of unequal speed so share the work evenly, and a worker that wakes late, or never, delays nobody.
 * A unit that needs the first u units finished waits until done ≥ u: units are taken in order and those after u wait
 * too, so done = u means exactly that.
 *
 * The gate keeps a late worker from reading a job that is being replaced: it holds −1 while closed, otherwise the number
 * of workers inside, and closes only at 0.
 *
 * A thread that dies holding a unit would leave the others spinning; after `PATIENCE` turns they give up, set `lost`,
 * and the result of that call is void. The caller reads `lost` after each call.
 */

// The control block: 256 bytes, words that different threads write kept on cache lines of their own.
const EPOCH = 0; // counts jobs; workers sleep on it
const SLEEPERS = 4; // workers in memory.atomic.wait32
const KIND = 8; // which kernel (jobs.ts)
const JOB = 12; // address of its descriptor
const TOTAL = 16; // its units
const SLOTS = 20; // 1 + workers: threads that scratch memory must serve
const LOST = 24; // 1 after a thread failed to finish a unit
const READY = 28; // workers that have entered their loop
const STOP = 32; // 1: workers leave
const GATE = 64;
const NEXT = 128;
const DONE = 192;

/** Turns of an empty loop: about 30 µs, then a worker sleeps. */
const SPINS = 30_000;
/** Turns, about ten seconds, after which a missing unit means a dead thread. */
const PATIENCE = 4_000_000_000;

export const poolBytes: i32 = 256;

/** Prepares a control block for the caller and `workers` workers, before any of them starts. */
export function initializePool(pool: usize, workers: i32): void {
  memory.fill(pool, 0, poolBytes);
  store<i32>(pool, 1 + workers, SLOTS);
  store<i32>(pool, -1, GATE);
}

/** Threads that may take part in a job; 1 without a pool. */
export function threads(pool: usize): i32 {
  return pool ? load<i32>(pool, SLOTS) : 1;
}

/** Runs units 0 … total − 1 of a job, on this thread alone where there is no pool. */
export function run(pool: usize, kind: i32, job: usize, total: i32): void {
  if (ASC_FEATURE_THREADS) {
    if (pool && total > 1 && load<i32>(pool, SLOTS) > 1) {
      share(pool, kind, job, total);
      return;
    }
  }
  for (let unit = 0; unit < total; unit++) runUnit(kind, job, 0, unit, 0);
}

function share(pool: usize, kind: i32, job: usize, total: i32): void {
  store<i32>(pool, kind, KIND);
  store<usize>(pool, job, JOB);
  store<i32>(pool, total, TOTAL);
  atomic.store<i32>(pool, 0, NEXT);
  atomic.store<i32>(pool, 0, DONE);
  atomic.store<i32>(pool, 0, GATE);
  atomic.add<i32>(pool, 1, EPOCH);
  if (atomic.load<i32>(pool, SLEEPERS)) atomic.notify(pool + EPOCH, -1);
  takeUnits(pool, 0);
  awaitDone(pool, total);
  if (load<i32>(pool, LOST)) return;
  for (let turn: u32 = 0; atomic.cmpxchg<i32>(pool, 0, -1, GATE) != 0; turn++) {
    if (turn == PATIENCE) {
      atomic.store<i32>(pool, 1, LOST);
      return;
    }
  }
}

function takeUnits(pool: usize, slot: i32): void {
  const kind = load<i32>(pool, KIND);
  const job = load<usize>(pool, JOB);
  const total = load<i32>(pool, TOTAL);
  for (;;) {
    const unit = atomic.add<i32>(pool, 1, NEXT);
    if (unit >= total) return;
    runUnit(kind, job, pool, unit, slot);
    atomic.add<i32>(pool, 1, DONE);
  }
}

/** Waits until units 0 … count − 1 are finished. Without a pool they already are. */
export function awaitDone(pool: usize, count: i32): void {
  if (!ASC_FEATURE_THREADS || !pool) return;
  for (let turn: u32 = 0; atomic.load<i32>(pool, DONE) < count; turn++) {
    if (turn == PATIENCE) {
      atomic.store<i32>(pool, 1, LOST);
      return;
    }
  }
}

/** A worker's life: slot is 1 … workers, each used once. Returns after stopWorkers. */
export function workerLoop(pool: usize, slot: i32): void {
  if (!ASC_FEATURE_THREADS) return;
  let seen = atomic.load<i32>(pool, EPOCH);
  atomic.add<i32>(pool, 1, READY);
  for (;;) {
    for (let turn = 0; turn < SPINS && atomic.load<i32>(pool, EPOCH) == seen; turn++);
    if (atomic.load<i32>(pool, EPOCH) == seen) {
      atomic.add<i32>(pool, 1, SLEEPERS);
      atomic.wait<i32>(pool + EPOCH, seen, -1);
      atomic.sub<i32>(pool, 1, SLEEPERS);
    }
    seen = atomic.load<i32>(pool, EPOCH);
    if (atomic.load<i32>(pool, STOP)) return;
    if (enter(pool)) {
      takeUnits(pool, slot);
      atomic.sub<i32>(pool, 1, GATE);
    }
  }
}

function enter(pool: usize): bool {
  let inside = atomic.load<i32>(pool, GATE);
  while (inside >= 0) {
    const found = atomic.cmpxchg<i32>(pool, inside, inside + 1, GATE);
    if (found == inside) return true;
    inside = found;
  }
  return false;
}

export function stopWorkers(pool: usize): void {
  if (!ASC_FEATURE_THREADS) return;
  atomic.store<i32>(pool, 1, STOP);
  atomic.add<i32>(pool, 1, EPOCH);
  atomic.notify(pool + EPOCH, -1);
}
