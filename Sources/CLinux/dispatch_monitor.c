/*
 * Programs of ours do without the watch that Dispatch keeps over the workers of its pool.
 *
 * Once a second, while work waits for a worker, it opens /proc/TID/stat of each of them, to see whether it runs; and where
 * that fails, for whatever reason, it takes the worker for dead and ends the program by an illegal instruction. A program
 * that has no free descriptor at such a moment (EMFILE, ENFILE) is no bug of its own, and must not end by it.
 * swift-corelibs-libdispatch, src/event/workqueue.c: _dispatch_workq_count_runnable_workers.
 *
 * These two are all that the rest of Dispatch wants of that file. In a program with a static standard library, as they are
 * shipped, they stand in their place and the file is left out; elsewhere they have no effect. What is lost: where all
 * workers block, the pool gets no more of them. So nothing of ours may block in it; docs/decisions/0023.
 */
void _dispatch_workq_worker_register(void *queue);
void _dispatch_workq_worker_register(void *queue) { (void)queue; }

void _dispatch_workq_worker_unregister(void *queue);
void _dispatch_workq_worker_unregister(void *queue) { (void)queue; }
