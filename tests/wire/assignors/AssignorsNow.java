// The group assignors of today's Kafka clients behind a pipe: see java_assignors.py.

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.clients.consumer.internals.AbstractPartitionAssignor;
import org.apache.kafka.clients.consumer.internals.AbstractStickyAssignor.MemberData;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.TopicPartition;

public class AssignorsNow {
    /** Shows what it reads of a member. */
    static class Sticky extends StickyAssignor {
        MemberData read(Subscription said) {
            return memberData(said);
        }
    }

    static class Cooperative extends CooperativeStickyAssignor {
        MemberData read(Subscription said) {
            return memberData(said);
        }
    }

    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(System.out);
        while (true) {
            int command;
            try {
                command = in.readByte();
            } catch (EOFException end) {
                return;
            }
            AbstractPartitionAssignor assignor = switch (in.readByte()) {
                case 0 -> new RangeAssignor();
                case 1 -> new RoundRobinAssignor();
                case 2 -> new Sticky();
                default -> new Cooperative();
            };
            switch (command) {
                case 'a' -> assign(assignor, in, out);
                case 'm' -> member(assignor, in, out);
                default -> say(assignor, in, out);
            }
            out.flush();
        }
    }

    /** Topics with their sizes, and what members said; answers with each member's partitions. */
    private static void assign(AbstractPartitionAssignor assignor, DataInputStream in, DataOutputStream out)
            throws IOException {
        Map<String, Integer> partitions = new HashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            String topic = readText(in);
            partitions.put(topic, in.readInt());
        }
        Map<String, Subscription> members = new HashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            String id = readText(in);
            String instance = readText(in);
            Subscription said = ConsumerProtocol.deserializeSubscription(ByteBuffer.wrap(readBytes(in)));
            said.setGroupInstanceId(Optional.ofNullable(instance));
            members.put(id, said);
        }
        Map<String, List<TopicPartition>> assigned = assignor.assign(partitions, members);
        out.writeInt(assigned.size());
        for (Map.Entry<String, List<TopicPartition>> share : assigned.entrySet()) {
            writeBytes(out, share.getKey().getBytes("UTF-8"));
            writePartitions(out, share.getValue());
        }
    }

    /** What a sticky assignor reads of what a member said. */
    private static void member(AbstractPartitionAssignor assignor, DataInputStream in, DataOutputStream out)
            throws IOException {
        Subscription said = ConsumerProtocol.deserializeSubscription(ByteBuffer.wrap(readBytes(in)));
        MemberData data = assignor instanceof Sticky sticky
            ? sticky.read(said) : ((Cooperative) assignor).read(said);
        out.writeInt(data.generation.orElse(-1));
        writePartitions(out, data.partitions);
    }

    /** What a member says, in some version, that was given partitions in some generation. */
    private static void say(AbstractPartitionAssignor assignor, DataInputStream in, DataOutputStream out)
            throws IOException {
        short version = in.readShort();
        int generation = in.readInt();
        String rack = readText(in);
        List<String> topics = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            topics.add(readText(in));
        }
        List<TopicPartition> owned = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String topic = readText(in);
            owned.add(new TopicPartition(topic, in.readInt()));
        }
        assignor.onAssignment(new Assignment(owned), new ConsumerGroupMetadata("g", generation, "m", Optional.empty()));
        ByteBuffer data = assignor.subscriptionUserData(new LinkedHashSet<>(topics));
        Subscription said = new Subscription(topics, data, owned, generation, Optional.ofNullable(rack));
        ByteBuffer written = ConsumerProtocol.serializeSubscription(said, version);
        byte[] bytes = new byte[written.remaining()];
        written.get(bytes);
        writeBytes(out, bytes);
    }

    private static void writePartitions(DataOutputStream out, List<TopicPartition> partitions) throws IOException {
        out.writeInt(partitions.size());
        for (TopicPartition partition : partitions) {
            writeBytes(out, partition.topic().getBytes("UTF-8"));
            out.writeInt(partition.partition());
        }
    }

    private static String readText(DataInputStream in) throws IOException {
        byte[] bytes = readBytes(in);
        return bytes == null ? null : new String(bytes, "UTF-8");
    }

    private static byte[] readBytes(DataInputStream in) throws IOException {
        int size = in.readInt();
        return size < 0 ? null : in.readNBytes(size);
    }

    private static void writeBytes(DataOutputStream out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
