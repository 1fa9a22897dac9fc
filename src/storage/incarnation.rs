//! This file tells a folder from another one that took its place.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::Path;

/// A number that stays the same while this folder is there, whatever is written into it, and is another one for a folder that
/// was put in its place.
///
/// # Errors
/// Why the folder cannot be looked at.
pub fn incarnation(folder: &Path) -> io::Result<u64> {
    let metadata = std::fs::metadata(folder)?;
    let mut hasher = DefaultHasher::new();
    // Where the system knows it: numbers of deleted folders are given out again.
    metadata.created().ok().hash(&mut hasher);
    place(folder, &metadata)?.hash(&mut hasher);
    Ok(hasher.finish())
}

/// Device and number of the folder in its file system.
#[cfg(unix)]
fn place(folder: &Path, metadata: &Metadata) -> io::Result<(u64, Option<u64>)> {
    use std::os::unix::fs::MetadataExt as _;
    Ok((metadata.dev(), has_lasting_numbers(folder)?.then(|| metadata.ino())))
}

#[cfg(not(unix))]
const fn place(_: &Path, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// FAT, exFAT and what is behind FUSE may give a folder another number whenever it was out of the cache.
#[cfg(target_os = "linux")]
fn has_lasting_numbers(folder: &Path) -> io::Result<bool> {
    /// MSDOS, exFAT and FUSE, as statfs(2) numbers them.
    const WITHOUT: [u64; 3] = [0x4d44, 0x2011_bab0, 0x6573_5546];
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "type and sign differ between machines")]
    Ok(!WITHOUT.contains(&(rustix::fs::statfs(folder)?.f_type as u64 & 0xffff_ffff)))
}

#[cfg(all(unix, not(target_os = "linux")))]
const fn has_lasting_numbers(_: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_the_place_of_another_is_told_from_it_and_what_is_in_it_does_not_count() {
        let home = tempfile::tempdir().unwrap();
        let (folder, away) = (home.path().join("NPKI"), home.path().join("away"));
        std::fs::create_dir(&folder).unwrap();
        let first = incarnation(&folder).unwrap();
        std::fs::create_dir(folder.join("yessign")).unwrap();
        std::fs::write(folder.join("file"), "written").unwrap();
        std::fs::remove_file(folder.join("file")).unwrap();
        assert_eq!(incarnation(&folder).unwrap(), first);
        std::fs::rename(&folder, &away).unwrap();
        std::fs::create_dir(&folder).unwrap();
        assert_ne!(incarnation(&folder).unwrap(), first);
        std::fs::remove_dir(&folder).unwrap();
        assert!(incarnation(&folder).is_err());
        std::fs::rename(&away, &folder).unwrap();
        assert_eq!(incarnation(&folder).unwrap(), first);
    }
}
