//! This file tests a module's thread without a module.

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(30);

fn thread(own: bool) -> ModuleThread<u32> {
    ModuleThread::new(0, own, Box::new(|| {}))
}

#[test]
fn jobs_run_in_order_on_one_thread_that_is_not_the_callers() {
    let thread = thread(true);
    let caller = std::thread::current().id();
    let ran = thread
        .call(LONG, |count| {
            *count += 1;
            (on_module_thread(), std::thread::current().id())
        })
        .unwrap();
    assert!(ran.0 && ran.1 != caller && !on_module_thread());
    assert_eq!(thread.call(LONG, |count| *count).unwrap(), 1);
}

#[test]
fn where_threads_are_forbidden_jobs_run_in_line() {
    let thread = thread(false);
    let caller = std::thread::current().id();
    assert_eq!(thread.call(LONG, |_| std::thread::current().id()).unwrap(), caller);
    assert!(thread.call(LONG, |_| on_module_thread()).unwrap() && !on_module_thread());
}

#[test]
fn a_job_that_hangs_is_given_up_and_so_are_those_behind_it() {
    let (release, held) = sync_channel::<()>(0);
    let lost = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&lost);
    let thread = ModuleThread::new(
        0_u32,
        true,
        Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        }),
    );
    let hanging = thread.post(SHORT, move |_| held.recv().unwrap_or_default()).unwrap();
    let behind = thread.post(LONG, |_| ()).unwrap();
    assert_eq!(thread.wait(behind).unwrap_err().kind(), ErrorKind::Removed);
    assert_eq!(thread.wait(hanging).unwrap_err().kind(), ErrorKind::TimedOut);
    assert_eq!(thread.call(LONG, |_| ()).unwrap_err().kind(), ErrorKind::Removed);
    assert_eq!(lost.load(Ordering::Relaxed), 1);
    drop(release);
}

#[test]
fn a_short_limit_does_not_count_while_a_longer_job_is_before() {
    let (release, held) = sync_channel::<()>(0);
    let thread = thread(true);
    let long = thread.post(LONG, move |_| held.recv().unwrap_or_default()).unwrap();
    let short = thread.post(Duration::from_secs(5), |_| 7).unwrap();
    assert!(short.answer.recv_timeout(SHORT).is_err());
    drop(release);
    assert_eq!(thread.wait(short).unwrap(), 7);
    thread.wait(long).unwrap();
}

#[test]
fn a_job_that_could_not_begin_is_taken_back() {
    let (release, held) = sync_channel::<()>(0);
    let thread = thread(true);
    let long = thread.post(LONG, move |_| held.recv().unwrap_or_default()).unwrap();
    let scan = thread.post(LONG, |count| *count += 1).unwrap();
    assert!(thread.wait_unless_occupied(scan, SHORT).unwrap().is_none());
    drop(release);
    thread.wait(long).unwrap();
    assert_eq!(thread.call(LONG, |count| *count).unwrap(), 0, "it ran although it was taken back");
}

#[test]
fn a_panic_ends_its_job_alone() {
    for own in [true, false] {
        let thread = thread(own);
        #[allow(clippy::panic, reason = "this is what is tested")]
        let failed = thread.call(LONG, |_| panic!("a bug"));
        let failed: Result<()> = failed;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Device);
        thread.call(LONG, |_| ()).unwrap();
    }
}

#[test]
fn a_module_that_calls_back_is_refused() {
    let thread = Arc::new(thread(true));
    let again = Arc::clone(&thread);
    let inner = thread.call(LONG, move |_| again.call(LONG, |_| ()).unwrap_err().kind()).unwrap();
    assert_eq!(inner, ErrorKind::Busy);
}

#[test]
fn the_end_does_not_wait_for_a_long_job() {
    let (release, held) = sync_channel::<()>(0);
    let thread = thread(true);
    let long = thread.post(LONG, move |_| held.recv().unwrap_or_default()).unwrap();
    let since = Instant::now();
    thread.end(SHORT, |_| ());
    assert!(since.elapsed() < LONG / 2);
    assert_eq!(thread.call(LONG, |_| ()).unwrap_err().kind(), ErrorKind::Removed);
    drop(release);
    thread.wait(long).unwrap();
}

#[test]
fn a_thread_is_started_within_what_the_host_installed() {
    static STARTS: AtomicUsize = AtomicUsize::new(0);
    start_threads_within(|start| {
        STARTS.fetch_add(1, Ordering::Relaxed);
        start();
    });
    thread(true).call(LONG, |_| ()).unwrap();
    assert!(STARTS.load(Ordering::Relaxed) > 0);
}

#[test]
fn the_end_runs_a_last_job_and_takes_no_other() {
    let (sender, answer) = sync_channel(1);
    let thread = thread(true);
    thread.call(LONG, |count| *count = 9).unwrap();
    thread.end(LONG, move |count| sender.send(count).unwrap());
    assert_eq!(answer.recv().unwrap(), 9);
    assert_eq!(thread.call(LONG, |_| ()).unwrap_err().kind(), ErrorKind::Removed);
}
