//! Started by the C library without the start-up of `std`, which reads the memory map and makes a stack for signals: a tenth of a
//! warm call. What it does for safety is done in `process::prepare`.
#![cfg_attr(not(test), no_main)]

#[cfg(not(test))]
#[no_mangle]
pub extern "C" fn main() -> std::os::raw::c_int {
    use solod_client::{app, system::process};
    process::prepare();
    process::end(app::main())
}
