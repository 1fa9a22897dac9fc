//! This file makes the C function of an entry: the argument shapes go in at the top, the answer comes out at the bottom.

/// `Shape[C parameters], … = gate function`. The gates are those of [`boundary`](super::boundary), and
/// - `session` and `slot`: the first argument is one, and the call is carried over to another module if it is its; without a
///   function there is nothing that a token of ours answers;
/// - `cannot`: nothing of 3.0 is carried over, and no token of ours can do it.
macro_rules! entry {
    ($(#[$meta:meta])* $name:ident($($shape:ty [$($a:ident: $t:ty),+]),*) = cannot) => {
        $(#[$meta])*
        pub unsafe extern "C" fn $name($($($a: $t),+),*) -> CK_RV {
            let (session, ..) = ($($($a,)+)*);
            boundary::initialized(stringify!($name), |_, library| unsupported(library, session))
        }
    };
    ($(#[$meta:meta])* $name:ident(
        $of:ty [$at:ident: $n:ty] $(, $shape:ty [$first:ident: $f:ty $(, $a:ident: $t:ty)*])*
    ) = session $($function:path)?) => {
        entry! { carried: $(#[$meta])* $name($of [$at: $n] $(, $shape [$first: $f $(, $a: $t)*])*) = session $($function)? }
    };
    ($(#[$meta:meta])* $name:ident(
        $of:ty [$at:ident: $n:ty] $(, $shape:ty [$first:ident: $f:ty $(, $a:ident: $t:ty)*])*
    ) = slot $($function:path)?) => {
        entry! { carried: $(#[$meta])* $name($of [$at: $n] $(, $shape [$first: $f $(, $a: $t)*])*) = slot $($function)? }
    };
    (carried: $(#[$meta:meta])* $name:ident(
        $of:ty [$at:ident: $n:ty] $(, $shape:ty [$first:ident: $f:ty $(, $a:ident: $t:ty)*])*
    ) = $place:ident $($function:path)?) => {
        $(#[$meta])*
        pub unsafe extern "C" fn $name($at: $n $(, $first: $f $(, $a: $t)*)*) -> CK_RV {
            boundary::initialized(stringify!($name), |call, library| {
                if let Some(other) = other!($place of library, $at)? {
                    return carry_over!(call, library, other, $name($of [$at] $(, $shape [$first $(, $a)*])*));
                }
                own!(call, library, $($function)?, $of [$at] $(, $shape [$first $(, $a)*])*)
            })
        }
    };
    ($(#[$meta:meta])* $name:ident($($shape:ty [$($a:ident: $t:ty),+]),*) = $gate:ident $function:path) => {
        $(#[$meta])*
        pub unsafe extern "C" fn $name($($($a: $t),+),*) -> CK_RV {
            boundary::$gate(stringify!($name), |call, library| {
                $function(library, $(admitted!(call, $shape, ($($a),+))),*)
            })
        }
    };
}

/// What the token of ours answers.
macro_rules! own {
    ($call:ident, $library:ident, , $of:ty [$at:ident] $(, $shape:ty [$($a:ident),*])*) => {
        unsupported($library, $at)
    };
    ($call:ident, $library:ident, $function:path, $($shape:ty [$($a:ident),*]),*) => {
        $function($library, $(admitted!($call, $shape, ($($a),*))),*)
    };
}

/// What safe code gets of an argument.
macro_rules! admitted {
    ($call:ident, $shape:ty, $raw:expr) => {
        // SAFETY: the caller of a PKCS#11 function promises what `Shape::admit` asks for.
        unsafe { $call.admit::<$shape>($raw) }?
    };
}

/// The session or slot of another module that a number of ours stands for, if it does.
macro_rules! other {
    (session of $library:ident, $number:expr) => {
        $library.foreign().get($number)
    };
    (slot of $library:ident, $number:expr) => {
        $library.foreign_slot($number)
    };
}

/// Calls the function of this name in another module with copies of the arguments; the first is the number there.
macro_rules! carry_over {
    ($call:ident, $library:ident, $other:ident,
        $name:ident($of:ty [$at:ident] $(, $shape:ty [$first:ident $(, $a:ident)*])*)) => {{
        // Null rules and the trace are as everywhere.
        admitted!($call, $of, $at);
        // SAFETY: as in `admitted`.
        $(unsafe { $call.check::<$shape>(($first $(, $a)*)) }?;)*
        let raw = ($(($first $(, $a)*),)*);
        // The copies take the names of the arguments that they stand for.
        let function = |functions: &CK_FUNCTION_LIST, $at: CK_ULONG, copies: &mut <($($shape,)*) as Arguments>::Carried| {
            let ($($first,)*) = copies;
            $(
                #[allow(unused_parens, reason = "most shapes have one parameter")]
                let ($first $(, $a)*) = <$shape as Carry>::lend($first);
            )*
            functions.$name.map_or(CKR_FUNCTION_NOT_SUPPORTED, |function| {
                // SAFETY: the module's own function, with what PKCS#11 says of its parameters: copies that live until
                // it returns.
                unsafe { function($at $(, $first $(, $a)*)*) }
            })
        };
        let (place, number) = ($other.at(), $other.number());
        // SAFETY: as in `admitted`.
        unsafe { foreign::pass::<($($shape,)*)>($library, stringify!($name), place, number, raw, function) }
    }};
}

pub(super) use {admitted, carry_over, entry, other, own};
