//! This file shows all media as one keystore: stable slot numbers, open tokens, and what came or went.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::Config;
use crate::driver::{DRIVERS, Driver};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::{Accessibility, Medium, MediumId};
use crate::token::{Scope, Token};

/// A slot number: positive, below 2³¹ (Java wants a positive `int`), derived from the medium's identity; the same across
/// restarts, plug order and, where the identity is, machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(u32);

impl SlotId {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The slot of this number, if it can be one.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        u32::try_from(number).ok().filter(|number| (1..1 << 31).contains(number)).map(Self)
    }

    /// The number that a medium gets unless another one has it already.
    fn preferred(medium: &MediumId) -> Self {
        let digest = medium.digest();
        let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) & 0x7fff_ffff;
        Self(number.max(1))
    }

    fn next(self) -> Self {
        Self(if self.0 == 0x7fff_ffff { 1 } else { self.0 + 1 })
    }
}

/// A slot: a medium that was seen in this process, present or gone.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its number.
    pub id: SlotId,
    /// The medium, as last seen.
    pub medium: Arc<Medium>,
    /// Whether the medium is there now.
    pub present: bool,
}

/// A token, shared. Its mutex is held during its I/O and nothing else is; take it with [`lock`].
pub type SharedToken = Arc<Mutex<Box<dyn Token>>>;

/// Locks, also after a panic of an earlier holder: a medium must not stay unusable for the rest of the process.
pub fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All media as one. Shared between threads; no driver is called while its table is locked.
#[allow(missing_debug_implementations, reason = "leads to keys")]
pub struct Keystore {
    drivers: Vec<Box<dyn Driver>>,
    /// Held during a scan, so that an older result never overwrites a newer one.
    scan: Mutex<()>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    scanned: bool,
    rows: Vec<Row>,
    driver_errors: Vec<(&'static str, Error)>,
}

struct Row {
    slot: Slot,
    token: Option<SharedToken>,
}

impl Keystore {
    /// With the drivers of [`DRIVERS`]. Touches no medium.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self::with_drivers(DRIVERS.iter().map(|(_, driver)| driver(config)).collect())
    }

    /// With these drivers; tests give fakes.
    #[must_use]
    pub fn with_drivers(drivers: Vec<Box<dyn Driver>>) -> Self {
        Self { drivers, scan: Mutex::new(()), table: Mutex::default() }
    }

    /// Asks every driver what is there, and returns the slots whose medium came or went, or became usable or unusable,
    /// since the last time; the first time that is none. One that went and came back in between is one change.
    ///
    /// A driver that fails leaves its media as they were and is listed by [`driver_errors`](Self::driver_errors). The
    /// token of a medium that went is logged out, also if the medium is back.
    pub fn refresh(&self) -> Vec<SlotId> {
        let _one_at_a_time = lock(&self.scan);
        self.scan()
    }

    fn scan(&self) -> Vec<SlotId> {
        let scans: Vec<_> = self.drivers.iter().map(|driver| (driver.name(), driver.scan())).collect();
        let (changed, gone) = lock(&self.table).merge(scans);
        for token in gone {
            lock(&token).logout(&Scope::All);
        }
        changed
    }

    /// The table, after the first scan.
    fn table(&self) -> MutexGuard<'_, Table> {
        if !lock(&self.table).scanned {
            let _one_at_a_time = lock(&self.scan);
            if !lock(&self.table).scanned {
                self.scan();
            }
        }
        lock(&self.table)
    }

    /// Every slot, in the order in which their media were first seen; the first call scans.
    pub fn slots(&self) -> Vec<Slot> {
        self.table().rows.iter().map(|row| row.slot.clone()).collect()
    }

    /// One slot; the first call scans.
    ///
    /// # Errors
    /// `NotFound` if there never was such a slot.
    pub fn slot(&self, id: SlotId) -> Result<Slot> {
        self.table().row(id).map(|row| row.slot.clone())
    }

    /// The slot's token, opened on first use and shared from then on.
    ///
    /// # Errors
    /// `NotFound`; `Removed` if the medium is gone; the medium's own reason if it is unusable.
    pub fn token(&self, id: SlotId) -> Result<SharedToken> {
        let medium = {
            let mut table = self.table();
            let row = table.row(id)?;
            if !row.slot.present {
                return Err(Error::new(ErrorKind::Removed, "opening a medium").on(&row.slot.medium.id));
            }
            if let Some(token) = &row.token {
                return Ok(Arc::clone(token));
            }
            Arc::clone(&row.slot.medium)
        };
        if let Accessibility::Unusable(error) = &medium.accessibility {
            return Err(error.clone());
        }
        let token: SharedToken = Arc::new(Mutex::new(self.open(&medium.id)?));
        let mut table = self.table();
        let row = table.row(id)?;
        if !row.slot.present {
            return Err(Error::new(ErrorKind::Removed, "opening a medium").on(&row.slot.medium.id));
        }
        // Another thread may have been faster: everyone uses the token that came first.
        Ok(Arc::clone(row.token.get_or_insert(token)))
    }

    /// Opens a medium for the caller alone, beside the token that everybody shares.
    ///
    /// # Errors
    /// `NotFound` without a driver for it; those of [`Driver::open`].
    pub(crate) fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
        let driver = self.drivers.iter().find(|driver| driver.name() == id.driver());
        driver.ok_or(Error::new(ErrorKind::NotFound, "looking for the driver of a medium").on(id))?.open(id)
    }

    /// The slot's token if it is open. A token that [`token`](Self::token) gave earlier and that is not this one is that of a
    /// medium that went.
    #[must_use]
    pub fn open_token(&self, id: SlotId) -> Option<SharedToken> {
        lock(&self.table).row(id).ok()?.token.clone()
    }

    /// Drivers that failed at the last scan, each with its reason.
    pub fn driver_errors(&self) -> Vec<(&'static str, Error)> {
        self.table().driver_errors.clone()
    }
}

impl Table {
    fn row(&mut self, id: SlotId) -> Result<&mut Row> {
        self.rows
            .iter_mut()
            .find(|row| row.slot.id == id)
            .ok_or(Error::new(ErrorKind::NotFound, "looking for a slot of this number"))
    }

    /// Takes a scan in; returns the slots that changed and the tokens of media that went.
    fn merge(&mut self, scans: Vec<(&'static str, Result<Vec<Medium>>)>) -> (Vec<SlotId>, Vec<SharedToken>) {
        let first = !std::mem::replace(&mut self.scanned, true);
        self.driver_errors.clear();
        let mut found: Vec<Option<Medium>> = Vec::new();
        let mut failed = HashSet::new();
        for (driver, scan) in scans {
            match scan {
                Ok(media) => found.extend(media.into_iter().map(Some)),
                Err(error) => {
                    failed.insert(driver);
                    self.driver_errors.push((driver, error));
                }
            }
        }
        let place = |(place, medium): (usize, &Option<Medium>)| Some((medium.as_ref()?.id.clone(), place));
        let places: HashMap<MediumId, usize> = found.iter().enumerate().filter_map(place).collect();
        let mut changed = Vec::new();
        let mut gone = Vec::new();
        let mut labels: HashSet<String> = self.rows.iter().map(|row| row.slot.medium.label.clone()).collect();
        for row in &mut self.rows {
            let id = &row.slot.medium.id;
            let seen = places.get(id).and_then(|place| found[*place].take());
            let present = seen.is_some() || failed.contains(id.driver()) && row.slot.present;
            let was_usable = row.slot.present && row.slot.medium.is_usable();
            let before = row.slot.medium.incarnation;
            if let Some(medium) = seen {
                let label = label_after(&row.slot.medium.label, &medium, &mut labels);
                row.slot.medium = Arc::new(Medium { label, ..medium });
            }
            let is_usable = present && row.slot.medium.is_usable();
            let came_back = is_usable && was_usable && row.slot.medium.incarnation != before;
            if present != row.slot.present || is_usable != was_usable || came_back {
                row.slot.present = present;
                changed.push(row.slot.id);
            }
            if !is_usable || came_back {
                gone.extend(row.token.take());
            }
        }
        changed.extend(self.add(found.into_iter().flatten().collect()));
        if first {
            // What was there before anybody looked did not come.
            changed.clear();
        }
        (changed, gone)
    }

    /// Gives new media their slots. Numbers that collide go by the order of the full digest, so that they do not depend on
    /// which medium was found first.
    fn add(&mut self, found: Vec<Medium>) -> Vec<SlotId> {
        let mut by_digest: Vec<&MediumId> = found.iter().map(|medium| &medium.id).collect();
        by_digest.sort_by_key(|id| id.digest());
        let mut taken: HashSet<SlotId> = self.rows.iter().map(|row| row.slot.id).collect();
        let numbers: HashMap<MediumId, SlotId> = by_digest
            .into_iter()
            .map(|medium| {
                let mut id = SlotId::preferred(medium);
                while !taken.insert(id) {
                    id = id.next();
                }
                (medium.clone(), id)
            })
            .collect();
        let mut labels: HashSet<String> = self.rows.iter().map(|row| row.slot.medium.label.clone()).collect();
        let mut added = Vec::with_capacity(numbers.len());
        for mut medium in found {
            let Some(id) = numbers.get(&medium.id) else { continue };
            medium.label = free_label(&medium, &labels);
            labels.insert(medium.label.clone());
            added.push(*id);
            let slot = Slot { id: *id, medium: Arc::new(medium), present: true };
            self.rows.push(Row { slot, token: None });
        }
        added
    }
}

/// The medium's label as a token label, which NSS and URIs must be able to tell from every other.
fn free_label(medium: &Medium, taken: &HashSet<String>) -> String {
    let label = fit(&medium.label, TOKEN_LABEL_BYTES);
    if taken.contains(&label) { told_apart(&label, medium) } else { label }
}

/// A label that another medium has too.
fn told_apart(label: &str, medium: &Medium) -> String {
    format!("{} {}", fit(label, TOKEN_LABEL_BYTES - 5), &medium.id.serial()[..4])
}

/// The label of a medium that was seen before. A token that was given another one shows it; everything else keeps its own.
fn label_after(before: &str, medium: &Medium, taken: &mut HashSet<String>) -> String {
    let label = fit(&medium.label, TOKEN_LABEL_BYTES);
    if medium.token.is_none() || label == before || told_apart(&label, medium) == before {
        return before.to_owned();
    }
    taken.remove(before);
    let label = free_label(medium, taken);
    taken.insert(label.clone());
    label
}

/// Length of `CK_TOKEN_INFO.label`.
const TOKEN_LABEL_BYTES: usize = 32;

/// At most `bytes` of UTF-8, cut between characters; no control character and no `:`, which NSS takes for a separator.
fn fit(label: &str, bytes: usize) -> String {
    let mut fitted = String::new();
    for character in label.chars().map(|character| if character == ':' { '-' } else { character }) {
        if fitted.len() + character.len_utf8() > bytes {
            break;
        }
        if !character.is_control() {
            fitted.push(character);
        }
    }
    fitted.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::medium::{MediumKind, PinState, TokenState};

    /// Finds what the test says; not a real medium.
    struct Fake {
        media: Found,
        scans: Arc<AtomicUsize>,
    }

    impl Driver for Fake {
        fn name(&self) -> &'static str {
            "fake"
        }
        fn scan(&self) -> Result<Vec<Medium>> {
            self.scans.fetch_add(1, Ordering::Relaxed);
            lock(&self.media).clone()
        }
        fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
            Err(Error::new(ErrorKind::Removed, "opening a fake").on(id))
        }
    }

    fn medium(name: &str) -> Medium {
        Medium {
            id: MediumId::new("fake", name),
            kind: MediumKind::HardDisk,
            label: name.to_owned(),
            place: String::new(),
            incarnation: 1,
            accessibility: Accessibility::Usable,
            write_protected: false,
            token: None,
        }
    }

    type Found = Arc<Mutex<Result<Vec<Medium>>>>;

    fn keystore(media: &[&str]) -> (Keystore, Found, Arc<AtomicUsize>) {
        let media = Arc::new(Mutex::new(Ok(media.iter().map(|name| medium(name)).collect())));
        let fake = Fake { media, scans: Arc::default() };
        let (media, scans) = (Arc::clone(&fake.media), Arc::clone(&fake.scans));
        (Keystore::with_drivers(vec![Box::new(fake)]), media, scans)
    }

    #[test]
    fn a_medium_keeps_its_slot_number_when_it_goes_and_comes_back() {
        let (keystore, media, _) = keystore(&["a", "b"]);
        let before = keystore.slots();
        *lock(&media) = Ok(vec![medium("b")]);
        assert_eq!(keystore.refresh(), [before[0].id]);
        assert!(!keystore.slot(before[0].id).unwrap().present);
        *lock(&media) = Ok(vec![medium("b"), medium("a")]);
        assert_eq!(keystore.refresh(), [before[0].id]);
        let after: Vec<SlotId> = keystore.slots().iter().map(|slot| slot.id).collect();
        assert_eq!(after, [before[0].id, before[1].id]);
        assert_eq!(keystore.refresh(), []);
    }

    #[test]
    fn a_medium_that_went_and_came_back_between_two_scans_is_one_change() {
        let (keystore, media, _) = keystore(&["a"]);
        assert_eq!(keystore.refresh(), [], "what is there at first did not come");
        let slot = keystore.slots()[0].id;
        assert_eq!(keystore.refresh(), []);
        *lock(&media) = Ok(vec![Medium { incarnation: 2, ..medium("a") }]);
        assert_eq!(keystore.refresh(), [slot]);
        assert!(keystore.slot(slot).unwrap().present);
        assert_eq!(keystore.refresh(), []);
    }

    #[test]
    fn slot_numbers_do_not_depend_on_the_order_of_discovery() {
        let numbers = |media: &[&str]| {
            let mut slots = keystore(media).0.slots();
            slots.sort_by_key(|slot| slot.medium.label.clone());
            slots.iter().map(|slot| slot.id.number()).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&["a", "b", "c"]), numbers(&["c", "a", "b"]));
        assert!(numbers(&["a", "b", "c"]).iter().all(|number| (1..1 << 31).contains(number)));
    }

    #[test]
    fn the_first_call_scans_and_later_ones_do_not() {
        let (keystore, _, scans) = keystore(&["a"]);
        assert_eq!(scans.load(Ordering::Relaxed), 0);
        keystore.slots();
        keystore.slots();
        assert_eq!(scans.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_driver_that_fails_leaves_its_media_as_they_were() {
        let (keystore, media, _) = keystore(&["a"]);
        keystore.slots();
        *lock(&media) = Err(ErrorKind::Device.into());
        assert_eq!(keystore.refresh(), []);
        assert!(keystore.slots()[0].present);
        assert_eq!(keystore.driver_errors().len(), 1);
    }

    #[test]
    fn two_media_of_the_same_label_are_told_apart() {
        let (keystore, media, _) = keystore(&[]);
        let mut twin = medium("b");
        "a".clone_into(&mut twin.label);
        *lock(&media) = Ok(vec![medium("a"), twin]);
        let labels: Vec<String> = keystore.slots().iter().map(|slot| slot.medium.label.clone()).collect();
        assert_eq!(labels[0], "a");
        assert!(labels[1].starts_with("a ") && labels[1].len() == 6, "{labels:?}");
    }

    #[test]
    fn a_token_that_was_given_another_label_shows_it() {
        let (keystore, media, _) = keystore(&["a"]);
        let state = TokenState {
            manufacturer: String::new(),
            model: String::new(),
            serial: String::new(),
            firmware: String::new(),
            initialised: true,
            login_required: true,
            own_keypad: false,
            user_pin: PinState::Good,
            so_pin: PinState::Good,
            lockout: true,
            pin_bytes: (4, 8),
            free_memory: (None, None),
        };
        let token =
            |label: &str| Medium { label: label.to_owned(), token: Some(Arc::new(state.clone())), ..medium("t") };
        let label = |media: &Found, found: &str| {
            *lock(media) = Ok(vec![medium("a"), token(found)]);
            keystore.refresh();
            keystore.slots()[1].medium.label.clone()
        };
        assert_eq!(label(&media, "t"), "t");
        assert_eq!(label(&media, "인감"), "인감");
        let twin = label(&media, "a");
        assert!(twin.starts_with("a ") && twin.len() == 6, "{twin}");
        assert_eq!(label(&media, "a"), twin, "it must not change from scan to scan");
    }

    #[test]
    fn a_label_is_cut_between_characters_and_has_no_colon() {
        assert_eq!(fit("인감인감인감인감인감인감", 32), "인감인감인감인감인감");
        assert_eq!(fit("a:b\u{7}", 32), "a-b");
    }
}
