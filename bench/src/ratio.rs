//! This file turns timings of interleaved rounds into ratios. Only ratios of one run count: absolute figures of a shared
//! machine move by a third.

use std::time::{Duration, Instant};

/// How long it takes.
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A ratio and what was promised of it.
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) ratio: f64,
    pub(crate) gate: Gate,
}

/// What a ratio must reach.
#[derive(Clone, Copy)]
pub(crate) enum Gate {
    AtLeast(f64),
    AtMost(f64),
    /// Printed for information.
    Open,
}

impl Line {
    fn holds(&self) -> bool {
        match self.gate {
            Gate::AtLeast(gate) => self.ratio >= gate,
            Gate::AtMost(gate) => self.ratio <= gate,
            Gate::Open => true,
        }
    }

    /// Prints the line; `false` if the gate was missed.
    pub(crate) fn print(&self) -> bool {
        let gate = match self.gate {
            Gate::AtLeast(gate) => format!("gate >= {gate}"),
            Gate::AtMost(gate) => format!("gate <= {gate}"),
            Gate::Open => "no gate".into(),
        };
        let verdict = if self.holds() { "" } else { "   MISSED" };
        println!("{:<64} {:>10.3}   {gate}{verdict}", self.what, self.ratio);
        self.holds()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_below_its_gate_is_missed() {
        let line = |ratio, gate| Line { what: "a".into(), ratio, gate }.holds();
        assert!(line(0.96, Gate::AtLeast(0.95)) && !line(0.94, Gate::AtLeast(0.95)));
        assert!(line(1.4, Gate::AtMost(1.5)) && !line(1.6, Gate::AtMost(1.5)));
        assert!(!line(f64::NAN, Gate::AtLeast(0.95)) && !line(f64::NAN, Gate::AtMost(1.5)));
    }

    #[test]
    fn the_median_does_not_follow_one_bad_round() {
        assert!((median(vec![1.0, 100.0, 1.1]) - 1.1).abs() < 1e-9);
    }
}
