//! This file watches folders with Linux's inotify.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::{self, Errno};

/// Symbolic links that a way may have, as for the kernel.
const LINKS: usize = 40;

/// An inotify descriptor and what it watches.
#[derive(Debug)]
pub(super) struct Inotify {
    descriptor: OwnedFd,
    /// Tells of file systems that are mounted or unmounted, of which inotify does not hear.
    mounts: Option<OwnedFd>,
    /// For each watch the names in that folder that matter; everything about the folder itself does.
    names: HashMap<i32, HashSet<OsString>>,
}

impl Inotify {
    pub(super) fn new() -> io::Result<Self> {
        let descriptor = beside_the_streams(inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?)?;
        let mounts = std::fs::File::open("/proc/self/mountinfo").ok();
        let mounts = mounts.and_then(|mounts| beside_the_streams(mounts.into()).ok());
        Ok(Self { descriptor, mounts, names: HashMap::new() })
    }

    /// Watches the way to each folder, as far as there is one now, in place of what was watched before. Whether that is
    /// enough to hear of every folder that comes or goes.
    pub(super) fn watch(&mut self, folders: &[PathBuf]) -> bool {
        let before: Vec<i32> = self.names.drain().map(|(watch, _)| watch).collect();
        let mut enough = self.mounts.is_some();
        for folder in folders {
            enough &= self.watch_way(&std::path::absolute(folder).unwrap_or_else(|_| folder.clone()), LINKS);
        }
        for watch in before.iter().filter(|watch| !self.names.contains_key(watch)) {
            // It may be gone with its folder.
            let _ = inotify::remove_watch(&self.descriptor, *watch);
        }
        enough
    }

    /// Watches from the top down: whatever comes into a folder later is heard of.
    fn watch_way(&mut self, folder: &Path, links: usize) -> bool {
        // Attributes: a folder that may not be read any more is as good as gone.
        let itself = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ATTRIB | WatchFlags::MASK_ADD;
        let content = itself | WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
        let mut way = PathBuf::new();
        let mut components = folder.components().peekable();
        let mut enough = true;
        while let Some(component) = components.next() {
            if let Ok(target) = std::fs::read_link(way.join(component)) {
                // Whether it leads anywhere or not: the folder above, which is watched, tells when the link itself goes.
                let on = way.join(target).join(components.collect::<PathBuf>());
                return links > 0 && self.watch_way(&on, links - 1) && enough;
            }
            way.push(component);
            let next = components.peek().map(|component| component.as_os_str());
            match inotify::add_watch(&self.descriptor, &way, if next.is_some() { content } else { itself }) {
                Ok(watch) => {
                    self.names.entry(watch).or_default().extend(next.map(OsStr::to_owned));
                    enough = true;
                }
                // The folder above tells when it comes.
                Err(Errno::NOENT | Errno::NOTDIR) => break,
                // A folder may be passed that may not be read. That matters only next to the place where something can happen.
                Err(_) => enough = false,
            }
        }
        enough && !is_remote(&way)
    }

    /// Waits until something happened to a watched folder, somebody calls or the time is up; whether the first.
    pub(super) fn listen(&mut self, call: &OwnedFd, timeout: Option<Duration>) -> io::Result<bool> {
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut polled = vec![PollFd::new(&self.descriptor, PollFlags::IN), PollFd::new(call, PollFlags::IN)];
        polled.extend(self.mounts.as_ref().map(|mounts| PollFd::new(mounts, PollFlags::PRI)));
        match poll(&mut polled, timeout.as_ref()) {
            // The kernel says so once for each change.
            Ok(_) => Ok(polled.get(2).is_some_and(|mounts| mounts.revents().contains(PollFlags::PRI)) | self.read()?),
            Err(Errno::INTR) => self.read(),
            Err(error) => Err(error),
        }
    }

    /// Takes the events that there are; whether one of them matters.
    fn read(&self) -> io::Result<bool> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(self.descriptor.as_fd(), &mut buffer);
        let mut matters = false;
        loop {
            match events.next() {
                Ok(event) if event.events().contains(ReadFlags::QUEUE_OVERFLOW) => matters = true,
                Ok(event) => {
                    // Without a name it is about the folder itself: moved, deleted, its file system unmounted.
                    matters |= self.names.get(&event.wd()).is_some_and(|names| {
                        event.file_name().is_none_or(|name| names.contains(OsStr::from_bytes(name.to_bytes())))
                    });
                }
                Err(Errno::AGAIN) => return Ok(matters),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether others may change this file system without this machine's noticing. The nearest folder that there is answers.
fn is_remote(folder: &Path) -> bool {
    /// NFS, SMB, CIFS, SMB2, FUSE, 9P, AFS, Ceph and Coda, as statfs(2) numbers them.
    const REMOTE: [u64; 9] =
        [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x5346_414f, 0x00c3_6400, 0x7375_7245];
    let found = folder.ancestors().find_map(|folder| rustix::fs::statfs(folder).ok());
    // The field's type and sign differ between machines; the numbers have 32 bits.
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, trivial_numeric_casts, reason = "see above")]
    found.is_some_and(|found| REMOTE.contains(&(found.f_type as u64 & 0xffff_ffff)))
}

/// A descriptor that [`ring`] makes readable.
pub(super) fn call() -> io::Result<OwnedFd> {
    beside_the_streams(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

/// The descriptor under a number that is no standard stream's: in a process that has closed those, what it prints would end
/// here.
fn beside_the_streams(descriptor: OwnedFd) -> io::Result<OwnedFd> {
    if descriptor.as_raw_fd() < 3 { io::fcntl_dupfd_cloexec(&descriptor, 3) } else { Ok(descriptor) }
}

/// Makes it readable. It cannot fail but by being readable already.
pub(super) fn ring(call: &OwnedFd) {
    let _ = io::write(call, &1_u64.to_ne_bytes());
}

/// Makes it unreadable.
pub(super) fn hush(call: &OwnedFd) {
    let _ = io::read(call, &mut [0_u8; 8]);
}
