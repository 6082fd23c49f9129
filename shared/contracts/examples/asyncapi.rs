//! Prints the event catalogue, an AsyncAPI 3 document in JSON.

fn main() {
    println!("{:#}", contracts::catalogue::catalogue().asyncapi());
}
