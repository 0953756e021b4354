//! The icon of a device's kind. The text beside it says the same.

use crate::domain::device::DeviceKind;
use leptos::prelude::*;

#[component]
pub fn DeviceIcon(kind: DeviceKind) -> impl IntoView {
    let drawing = match kind {
        DeviceKind::Desktop => "M3.5 5.5h17v11h-17zM9 20h6M12 16.5V20",
        DeviceKind::Phone => "M7.5 2.5h9a1 1 0 0 1 1 1v17a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-17a1 1 0 0 1 1-1ZM11 18.5h2",
        DeviceKind::Tablet => "M5 2.5h14a1 1 0 0 1 1 1v17a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-17a1 1 0 0 1 1-1ZM10.5 18.5h3",
        DeviceKind::CommandLine => "M3.5 4.5h17v15h-17zM7 9l3 3-3 3M12.5 15H17",
        DeviceKind::Unknown => {
            "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17ZM9.6 9.6a2.5 2.5 0 1 1 3.6 2.3c-.8.4-1.2.9-1.2 1.7M12 16.6h.01"
        }
    };
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path d=drawing />
        </svg>
    }
}
