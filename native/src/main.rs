fn main() {
    std::process::exit(solod_client::app::main())
}
