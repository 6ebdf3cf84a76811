/** A worker that fails before it takes a job. */
throw new Error("This worker cannot start");
